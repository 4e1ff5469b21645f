"""Engines that go wrong, each in its way; what else is needed is the stub's."""
