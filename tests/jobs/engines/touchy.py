"""A reader of English that breaks at one word, and whose process ends at another."""

import os
import signal

from mien.engines.stub import Stub


class Touchy(Stub):
    label = "touchy"
    languages = frozenset({"en"})

    def read_texts(self, passages):
        words = {word.text for passage in passages for word in passage.words}
        if "deadly" in words:
            os.kill(os.getpid(), signal.SIGSEGV)
        if "breaking" in words:
            return 1 / 0
        return super().read_texts(passages)


def text_reader(settings):
    return Touchy()
