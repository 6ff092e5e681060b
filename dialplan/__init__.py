"""What an administrator includes on the PBX: dialplan, AMI user and CEL settings, as Asterisk configuration files."""
