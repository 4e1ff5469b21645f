"""What can go wrong, as one tree whose branches say whose fault it is.

```
MienError
├── RequestError      the caller asked for something we cannot do      → 4xx
├── MediaError        this one file is at fault; the job goes on       → errors[] of the job
├── EngineError       we are at fault; the whole job fails             → FAILED
│   └── EngineMissing nothing here plays a role: that model answers with this, the others go on
└── StoreError        jobs cannot be kept or read now; nothing is lost → 5xx, a worker tries again
```

The docstring of a class is its message when none is given.
"""


class MienError(Exception):
    """Something went wrong in mien."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().partition("\n")[0])


class RequestError(MienError):
    """The request cannot be served as it stands."""


class BadKey(RequestError):
    """Invalid ApiKey"""


class NotServed(RequestError):
    """This server does not answer such requests."""


class TooSlow(RequestError):
    """The upload stopped before its end."""


class TooLarge(RequestError):
    """The upload is larger than this server allows."""


class QueueFull(RequestError):
    """This server has as many queued jobs as it allows; try again later."""


class TooManySessions(QueueFull):
    """This server has as many sessions as it allows; try again later."""


class Overloaded(QueueFull):
    """More messages wait than this server can measure soon; send this one again in a moment."""


class DiskFull(RequestError):
    """The files of jobs take as much disk as this server allows; try again later."""


class JobNotFound(RequestError):
    """job not found"""  # these very words: the 2023 Python client compares them


class JobNotReady(RequestError):
    """The job has not finished yet."""


class MediaNotKept(RequestError):
    """This file is not kept here."""


class MediaError(MienError):
    """The file could not be read."""


class UnknownFileType(MediaError):
    """unable to determine file type"""  # the words of the retired API


class BrokenMedia(MediaError):
    """The file is damaged or cut short."""


class NotDecoded(MediaError):
    """The file cannot be decoded."""


class MediaTooLarge(MediaError):
    """The file is larger or longer than this server allows."""


class PictureTooLarge(MediaTooLarge):
    """The picture has more pixels than this server allows."""


class BadLandmarks(BrokenMedia):
    """The JSON holds no landmarks of faces."""


class TooManyFaces(MediaTooLarge):
    """The landmark file holds more faces than are read at once."""


class TextTooLong(MediaTooLarge):
    """The text is longer than this server allows."""


class UnsafeAddress(MediaError):
    """The address is not a public http or https address."""


class FetchFailed(MediaError):
    """The address could not be fetched."""


class UnsafeArchive(MediaError):
    """The archive holds something that must not be unpacked."""


class NotTranscribed(MediaError):
    """unable to transcribe file"""


class UnsupportedLanguage(MediaError):
    """The text is in a language that this server does not read."""


class EngineError(MienError):
    """An engine of this server failed."""


class EngineMissing(EngineError):
    """No engine on this server can do this."""


class StoreError(MienError):
    """The store of jobs cannot be reached."""
