"""Several sovereign states, one recognised air picture, under a written agreement that the software reads and enforces.

The rooms of the house, lowest first; each may import only those before it:

    errors, columns    one tree of errors; many things are arrays of one length
    earth              where and when
    agreement          who may
    sensors            what was heard
    coverage           what could be heard
    tracks             what one party sees
    picture            what all see
    threats            what it means
    tasks              what is proposed; a person decides
    wire               how it is spoken
    record             what happened
    node               one party's house
    exercise           a world to try
    peers              others' programs, optional
    console            the window
    cli                the front door

It informs, proposes and records. It commands no device.
"""

__version__ = "0.1.0"
