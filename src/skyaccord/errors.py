"""Every error Skyaccord raises on purpose, in one tree.

    SkyaccordError
    ├── InputError            a file or a feed is not what it should be; ends the command with exit code 2
    │   ├── FormatError       bytes of a recording or a message
    │   ├── SitesError        the sensor registry
    │   ├── AgreementError    the agreement's text
    │   └── ScenarioError     an exercise's text
    ├── Refused               the agreement says no; carries the clauses
    └── IllegalMove           a life cycle has no such step

A message says what is wrong, where (file, line or byte offset, clause) and what would be right, in one sentence.
"""


class SkyaccordError(Exception):
    """The root: whatever Skyaccord itself raises on purpose."""


class InputError(SkyaccordError):
    """Something given from outside cannot be used; the message says what, where, and what would be right."""


class FormatError(InputError):
    """Bytes that are not the format they should be."""


class SitesError(InputError):
    """The sensor registry is wrong, or lacks a sensor that the feed has."""


class AgreementError(InputError):
    """The agreement's text contradicts itself or names what it does not define."""


class ScenarioError(InputError):
    """The exercise's text asks for something impossible."""


class Refused(SkyaccordError):  # noqa: N818 - the field's word
    """The agreement does not allow it.

    `clauses` names every clause that was weighed, the decisive one first.
    """

    def __init__(self, reason: str, clauses: tuple[str, ...]) -> None:
        super().__init__(f"{reason} ({'; '.join(clauses)})" if clauses else reason)
        self.reason = reason
        self.clauses = clauses


class IllegalMove(SkyaccordError):  # noqa: N818 - the field's word
    """A life cycle has no such step from where it stands; the message names event, role and state."""
