package auth

// approvalWatch is somebody who is told when an approval that concerns them was asked for, decided or ended.
type approvalWatch struct {
	who     Identity
	changed chan struct{} // of room for one: what changed is asked for anew, however often it did
}

// WatchApprovals tells when an approval changed that who asked for or may decide. It never blocks whoever changes one, and several
// changes may be one. The caller calls stop; how many watch at once is for the caller to bound.
func (a *Auth) WatchApprovals(who Identity) (changed <-chan struct{}, stop func()) {
	w := &approvalWatch{who: who, changed: make(chan struct{}, 1)}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.watches[w] = struct{}{}
	return w.changed, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.watches, w)
	}
}

// tellApproval wakes those whom an approval concerns; the caller holds mu.
func (a *Auth) tellApproval(x *Approval) {
	for w := range a.watches {
		if !x.concerns(w.who) {
			continue
		}
		select {
		case w.changed <- struct{}{}:
		default:
		}
	}
}

// concerns tells whether somebody asked for an approval, or may decide it.
func (x *Approval) concerns(who Identity) bool {
	return who.Person != "" && x.By == who.Person || who.MayOn(Approve, x.Camera)
}

// MayDecide tells whether somebody may give or decline an approval: one that waits, of somebody else, on a camera for which they may.
func (x *Approval) MayDecide(who Identity) bool {
	return x.State == Asked && who.Person != "" && x.By != who.Person && who.MayOn(Approve, x.Camera)
}
