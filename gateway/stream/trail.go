package stream

import "time"

// Trail lets a lossless reader whose frames nobody wants at present stay behind the stream without reading: it moves on to
// the newest key frame at or before a wall time, and what lies before that may leave the ring. It tells why the session
// last ended among what it passed over, "" when it did not. What leaves the ring meanwhile, because it does not fit, is no
// loss. The error is ErrClosed once the stream or the reader is closed.
func (r *Reader) Trail(at time.Time) (ended string, err error) {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.closed || s.closed {
		return "", ErrClosed
	}
	to, ended, _ := s.prerollAt(at, max(r.next, s.ring.head))
	r.place(to)
	return ended, nil
}

// Wanted is where a lossless reader goes on that Trail left behind.
type Wanted struct {
	First time.Time // wall time of the key frame that is read first; zero: none is held
	Ended string    // why the session ended before it, if that is held; "" otherwise
}

// Go moves a lossless reader on to the newest key frame at or before a wall time, or else to the first one after that, or
// else to what comes next. It never goes back before where Trail left it.
func (r *Reader) Go(at time.Time) (w Wanted) {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	from, ended, found := s.prerollAt(at, max(r.next, s.ring.head))
	w.Ended = ended
	to := from
	for ; !found && to < s.ring.tail && !s.ring.at(to).KeyFrame(); to++ {
		if end := s.ring.at(to).End; end != "" {
			w.Ended = end
		}
	}
	if to < s.ring.tail {
		w.First = s.ring.at(to).Wall
	} else { // no key frame yet: marks are read, so that a session that ends before one comes is not missed
		for to = from; to < s.ring.tail && s.ring.at(to).Frame != nil; to++ {
		}
	}
	r.place(to)
	return w
}

// prerollAt finds the newest key frame at or before a wall time that is not before item first, unless the session ended
// between the two: then it gives what follows that end, and why it ended. Failing both it gives first. Caller holds mu.
func (s *Stream) prerollAt(at time.Time, first uint64) (seq uint64, ended string, key bool) {
	for seq = s.ring.tail; seq > first; {
		seq--
		switch it := s.ring.at(seq); {
		case it.Wall.After(at):
		case it.End != "":
			return seq + 1, it.End, false
		case it.KeyFrame():
			return seq, "", true
		}
	}
	return first, "", false
}

// Held is the wall time of the oldest key frame that a lossless reader could go on at; zero when there is none.
func (r *Reader) Held() time.Time {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for seq := max(r.confirmed+1, s.ring.head); seq < s.ring.tail; seq++ {
		if it := s.ring.at(seq); it.KeyFrame() {
			return it.Wall
		}
	}
	return time.Time{}
}
