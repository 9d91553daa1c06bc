"""Rules about operations and events: rule, case and verdict; what follows; how to mend it."""

CONTRACT = """
O01: P
  - old servers answer 404
  - deploy the server before anybody asks
O02: B
  - those who still ask get 404
  - deprecate it, give it a sunset, and remove it after that date
O02 sunset: B
  - those who still ask get 404
  - wait for the sunset, and until nobody in the repository asks it
O02 hurried: B
  - callers planned by the date that was promised
  - leave the sunset, or move it later
O03: B
  - old clients ask where nobody answers
  - serve both, move the callers, then remove the old one
O04 renamed: S
  - the path is the same to whoever asks
  - none is needed
O04 added: B
  - old clients ask where nobody answers
  - serve both paths, move the callers, then remove the old one
O05: B
  - a request with the parameter is read otherwise
  - keep the parameter as it was
O06 required: C
  - requests without a body are refused
  - have every client send it first
O06 optional: P
  - old servers refuse a body
  - deploy the server first
O06 removed: B
  - the server refuses the body that clients send
  - keep the body optional until nobody sends it
O07 removed: B
  - callers wait for a status that no longer comes
  - keep the status
O07 added: W
  - callers may not expect it
  - look at what each caller makes of it
O08 added: C
  - callers do not handle it, and their type checks fail
  - handle it in every caller first
O08 removed: S
  - a case of each `match` is never reached
  - remove the case from the callers
O08 status: B
  - callers read a problem by its status and type
  - declare another problem beside it
O08 title: S
  - texts for people are no promise
  - none is needed
O09 required: B
  - callers count on it
  - keep the header
O09 optional: W
  - callers may look for it
  - look at who reads it
O09 loosened: C
  - callers count on it
  - have every caller do without first
O10 removed: B
  - callers cannot read another form
  - serve both forms
O10 added: S
  - nobody asks for it yet
  - none is needed
O11 narrowed: C
  - callers of the excluded kind get 403
  - move these callers first
O11 widened: W
  - more callers may do this
  - have somebody review who may now ask
O12 keyed to once: B
  - a repeat does it again
  - keep the key
O12 safe to once: B
  - a repeat does it again
  - keep it safe to repeat
O12 safe to keyed: B
  - requests without a key are refused, and callers do not know that they need one
  - leave it safe
O12 once to keyed: C
  - requests without a key are refused
  - have every caller send a key first
O12 once to safe: S
  - callers may now repeat it
  - none is needed
O12 keyed to safe: P
  - an old server refuses requests without a key
  - deploy the server before callers leave the key out
O13 reduced: W
  - work that took longer is given up
  - look at how long it takes at worst
O13 raised: S
  - callers wait longer at most
  - none is needed
O14: B
  - callers take the first page for everything
  - add an operation that answers pages beside it
O15: S
  - the wire is as before
  - none is needed; the type checker finds the places to edit
E01 removed: B
  - whoever listens never hears of it again
  - keep publishing it until nobody listens
E01 unheard: S
  - nobody listens
  - none is needed
E01 added: S
  - nobody listens yet
  - none is needed
E01 hurried: B
  - listeners planned by the date that was promised
  - leave the sunset, or move it later
E02: B
  - listeners ask the feed for a name that is no longer published
  - publish both until nobody listens to the old one
E03: B
  - every event of every service travels in this envelope
  - keep the envelope as it was
E04: W
  - events that were in order may overtake each other, those in flight too
  - look at who counts on the order
E05: B
  - whoever listens never hears of it again
  - keep publishing it until nobody listens
E06: W
  - a listener that is behind by more than that loses events
  - look at how far behind listeners can be
E07: S
  - both versions are there
  - publish both until consumers and dead letters have drained
"""
