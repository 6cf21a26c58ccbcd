"""BACnet's bytes: what polling and the fast simulator need of them, without I/O (135-2020 clause 20
and annexes J and 6). Whatever comes in is hostile until it is decoded: a value or CodecError."""
