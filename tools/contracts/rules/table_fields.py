"""Rules about fields: rule, case and verdicts (REQ RES EVT); what follows; how to mend it."""

FIELDS = """
F01: P S S
  - an old server refuses a request that has it
  - deploy the server before any client sends it
F02: B P B
  - old writers do not send it, and new readers insist on it
  - give it a default, and require it in a later version
F03: C W W
  - a server refuses requests of those who still send it; readers may miss it
  - stop sending and reading it everywhere, then remove and reserve it
F04: B B B
  - one side requires what the other no longer knows
  - make it optional first, stop using it everywhere, then remove and reserve it
F05: C P B
  - those who left it out are refused
  - have every writer send it first, then require it
F06: P C C
  - old readers insist on a field that may now be missing
  - deploy the readers first
F07: P C C
  - old readers refuse null
  - deploy the readers first
F08: C P B
  - new readers refuse the null that old writers send
  - stop sending null everywhere first
F09: B B B
  - each side looks for a name that the other does not write
  - keep the old name: add the new one as AliasChoices, then write it, then drop the old one
F09a accepted: S S S
  - nobody writes it yet
  - none is needed
F09a renamed: P C C
  - old readers do not know the new name
  - deploy the readers first; drop the old name once nobody writes it
F09a dropped: C P B
  - whoever still writes the old name is not understood
  - have every writer use the new name first, and let stored messages drain
F10: S S S
  - the wire is as before
  - none is needed; the type checker finds the places to edit
F11: P C C
  - old readers refuse what only the wider type admits
  - deploy the readers first
F12: C P B
  - new readers refuse what the wider type admitted
  - have every writer keep to the narrower type first
F13: B B B
  - neither side can read what the other writes
  - add a field of another name, write both, move the readers, remove the old one
F14 to: P C C
  - old readers refuse a number that is sent as text
  - deploy the readers first
F14 back: C P B
  - new readers refuse the text in which a decimal is sent
  - have every writer send a number first
F15: C W B
  - readers refuse a moment that lacks what they now ask for
  - have every writer send the narrower form first
F15a: B B B
  - a moment with an offset and one without exclude each other
  - add a field of another name and move to it
F15b: P C C
  - old readers refuse the form that is now admitted too
  - deploy the readers first
F16: B B B
  - an array, an object and a single value exclude each other
  - add a field of another name and move to it
F17: W W W
  - a set drops repeats and has no order
  - look whether a reader needs the order or repeats
F18: P C C
  - old readers refuse the new value
  - deploy the readers first, or declare the enum open before
F18 open: P S S
  - old readers take the new value for UNKNOWN
  - deploy the server first where it travels in requests
F19: C S B
  - new readers refuse the value, and stored messages hold it
  - stop writing it, let what is stored drain, then reserve it
F20: B B B
  - neither side knows the other's word
  - add the new value, move the writers to it, then remove the old one
F21: C P B
  - new readers refuse texts that are not listed
  - have every writer keep to the values first
F22: P C C
  - old readers refuse texts that are not listed
  - deploy the readers first
F23: P C C
  - old readers cannot read the new variant
  - deploy the readers first
F23 fallback: P S S
  - old readers take the new variant for the one that admits anything
  - deploy the server first where it travels in requests
F24: C P B
  - new readers refuse the variant that old writers send
  - stop writing it everywhere first
F25: B B B
  - readers cannot tell which variant came
  - add a new variant with the new tag beside the old one
F26: C P B
  - new readers refuse values that were fine before
  - have every writer keep to the tighter rule first
F26 undecided: W W W
  - no machine can tell whether the new pattern admits what the old one did
  - look whether values that are out there fit the new pattern
F27: P C C
  - old readers refuse values that are fine now
  - deploy the readers first
F28: W W W
  - what an absent field means has changed without its writers noticing
  - look at who leaves it out; better, have them say it
F29: C P B
  - those who left it out are refused
  - have every writer send it first
F30: B B B
  - any field that is added later breaks these readers
  - leave unknown fields ignored
F31: P C C
  - old readers refuse unknown fields, which may now be written
  - deploy the readers first
F31 kept: S S S
  - unknown fields were dropped and are kept
  - none is needed
F31 dropped: W W W
  - unknown fields were passed on and are dropped
  - look whether anybody counts on what was passed on
F32 on: C P B
  - texts and numbers that were converted before are refused
  - have every writer send the exact type first
F32 off: P C C
  - old readers refuse what is converted now
  - deploy the readers first
F33: W W W
  - no machine can tell which values a function admits, or what it makes of them
  - look at both functions, and at the values that are out there
F34: W B B
  - the same value is written otherwise
  - write the new form into a field of another name
F34 equal: W S S
  - each golden sample is written as before
  - look whether the samples say enough
F35: B B B
  - an old message's meaning would be read into a new field
  - take another name, and leave the reserved ones
F36 added: - P B
  - new readers count on it, and old messages do not have it
  - deploy the publisher first; give readers a way to do without
F36 removed: - B B
  - old readers count on it
  - keep it until nobody reads it
F37: S S S
  - the wire is as before
  - none is needed; the type checker finds the places to edit
F37 named: B B B
  - the name on the wire is taken from that of the class
  - keep the name of the class
F38: S S S
  - each variant asked for its tag anyway
  - none is needed
F39: B S S
  - what is computed is not read, so a server refuses requests that have it
  - use one model for requests and another for answers
F40 model: C P B
  - new readers insist on the fields of the model
  - have every writer send these fields first
F40 dict: P C C
  - old readers insist on the fields of the model
  - deploy the readers first
"""
