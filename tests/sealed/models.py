"""What holds secrets, in a table of its own that no migration makes."""

from django.db import models

from devices.models import EncryptedTextField
from devices.models.audited import Audited


class Safe(Audited):
    name = models.CharField(max_length=20)
    password = EncryptedTextField(max_length=20, blank=True, default="")
    pin = EncryptedTextField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
