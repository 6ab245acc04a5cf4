package certificate

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"holdfast/config"
)

// seen is how the operator's files looked when they were read last.
type seen struct {
	cert, key stamp
	read      bool // since the start, or since somebody asked
	wrong     int  // looks in a row at which they could not be used
}

// stamp changes when a file does: also one that is replaced by another of the same size within the same second.
type stamp struct {
	inode, size    uint64
	changed, write time.Time
}

func stampOf(path string) (s stamp) {
	info, err := os.Stat(path)
	if err != nil {
		return s
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s = stamp{inode: st.Ino, size: uint64(st.Size), changed: time.Unix(st.Ctim.Sec, st.Ctim.Nsec), write: time.Unix(st.Mtim.Sec, st.Mtim.Nsec)}
	}
	return s
}

// patience is at how many looks in a row a pair must not fit before it is an alarm. Two files cannot be replaced at once.
const patience = 2

// keepFiles reads the operator's files when they have changed, or could not be used at the last look. Caller holds keeping.
func (h *Holder) keepFiles(s config.TLS) {
	cert, key := stampOf(s.Certificate), stampOf(s.Key)
	first := !h.seen.read
	if !first && cert == h.seen.cert && key == h.seen.key && h.seen.wrong == 0 {
		return
	}
	h.seen.cert, h.seen.key, h.seen.read = cert, key, true
	p, err := readPair(s.Certificate, s.Key)
	if err == nil && !p.goodAt(h.now()) {
		err = outOfTime(h.now(), s.Certificate, p)
	}
	if err == nil {
		h.seen.wrong = 0
		h.present(p, Files, s.Certificate)
		h.succeeded()
		h.endAlarm(true, alarmFiles)
		return
	}
	h.seen.wrong++
	h.failed(err)
	if g := h.given.Load(); g != nil && (g.source != Files || g.from != s.Certificate) {
		h.withdraw() // it is of other settings
	}
	if first || h.seen.wrong >= patience {
		h.alarm(alarmFiles, fmt.Sprintf("The certificate files under tls cannot be used: %v.", err), h.standing(),
			"Mend the files; they are read by themselves within a minute, and holdfast certificate renew reads them now.")
	}
}

func outOfTime(now time.Time, file string, p *pair) error {
	if now.Before(p.leaf.NotBefore) {
		return fmt.Errorf("certificate %s: it is good only from %s, or this machine's clock is wrong", file, p.leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	return fmt.Errorf("certificate %s: it expired on %s", file, p.leaf.NotAfter.UTC().Format(time.RFC3339))
}

// failed notes a try that did not work.
func (h *Holder) failed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tries.err == nil || h.tries.err.Error() != err.Error() {
		h.log.Error("certificate is not taken over", "error", err)
	}
	h.tries.err, h.tries.at = err, h.now()
	h.tries.failed++
}

func (h *Holder) succeeded() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tries = tries{}
}

// Check tells what is wrong with certificate files, and which of the names they are not good for, without using them.
func Check(s config.TLS, names []string, now time.Time) (warnings []string) {
	if s.Certificate == "" {
		return nil
	}
	p, err := readPair(s.Certificate, s.Key)
	if err == nil && !p.goodAt(now) {
		err = outOfTime(now, s.Certificate, p)
	}
	if err != nil {
		return []string{err.Error()}
	}
	for _, n := range p.missing(names) {
		warnings = append(warnings, fmt.Sprintf("certificate %s: it is not good for %s", s.Certificate, n))
	}
	return warnings
}
