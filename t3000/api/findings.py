"""Approving what searches found."""

from devices.api.findings import Decision
from t3000.domain.approval import approve


class Approve(Decision):
    """Takes findings over as the devices described themselves then: new devices are added with
    their points, changed ones brought up to date, moved ones read where they are now, gone ones
    switched off. Points that a device does not describe any more are deleted. Takes the role
    engineer."""

    operation = "findings_approve"
    decide = staticmethod(approve)
