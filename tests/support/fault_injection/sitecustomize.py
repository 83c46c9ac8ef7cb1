"""Loaded by every Python that a test's `pulumi` starts from the beginning."""

from tests.support.fault_injection import prepare

prepare()
