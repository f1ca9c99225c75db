"""`python -m voicewright`: the same as the command `voicewright`."""

from voicewright.bootstrap import main

main()
