"""The PBX side of Ringback: the AMI link, events to verdicts, resynchronisation and dialling."""
