"""Places of a site that has just begun."""

from devices.models import Site

FIRST_SITE = "My site"


def first_site() -> Site:
    """The site that everything belongs to until there are more; made when it is first needed."""
    return Site.objects.first() or Site.objects.create(name=FIRST_SITE)
