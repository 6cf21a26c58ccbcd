"""Products and boards: what there is, and what sites have added."""

from devices.api.fields import WholeNumber, YesNo
from devices.api.queries import SearchQuery
from devices.api.resources import Resource
from devices.enums import Role
from devices.models import Board, ProductModel


class ProductQuery(SearchQuery):
    number = WholeNumber(min_value=1, max_value=255, required=False)
    is_programmable = YesNo(required=False)


class BoardQuery(SearchQuery):
    number = WholeNumber(min_value=0, max_value=255, required=False)


class ProductModels(Resource):
    """Products with the sizes of their tables, by number. They belong to no site: administrators
    of all sites change them. They are told, not enforced: a panel's rows are held to the sizes that
    its firmware is built with."""

    model = ProductModel
    members = ("id", *(field.name for field in ProductModel._meta.fields if field.name != "id"))
    order = ("number",)
    query_class = ProductQuery
    search_in = ("name",)
    role = Role.ADMINISTRATOR
    tag = "products"
    conflict = "It is still needed by 2 devices: delete or move those first."


class Boards(Resource):
    """Boards of controllers with the points at their terminals, by number. They belong to no site:
    administrators of all sites change them."""

    model = Board
    members = ("id", *(field.name for field in Board._meta.fields if field.name != "id"))
    order = ("number",)
    query_class = BoardQuery
    search_in = ("name",)
    role = Role.ADMINISTRATOR
    tag = "products"
    conflict = "It is still needed by 2 devices: delete or move those first."
