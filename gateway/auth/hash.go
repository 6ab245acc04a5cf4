package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
)

const (
	maxHashing = 2  // passwords hashed at once; each takes the cost's memory
	maxWaiting = 16 // that wait for their turn, beyond it ErrBusy
	saltBytes  = 16
	hashBytes  = 32
)

// cost is what one hash takes (RFC 9106 section 3.1).
type cost struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

// standard takes about a tenth of a second on a small machine, and twice the memory that OWASP asks for.
var standard = cost{memory: 64 << 10, passes: 2, lanes: 1}

// cheap is for tests, in which hashing would be most of the work.
var cheap = cost{memory: 8, passes: 1, lanes: 1}

// Bounds of what is accepted from the database, so that a damaged record cannot ask for all memory.
const (
	mostMemory = 1 << 20 // KiB
	mostPasses = 16
	mostLanes  = 16
	mostBytes  = 64 // of salt or hash
	leastBytes = 8
)

// hashing computes password hashes, a few at a time.
type hashing struct {
	cost    cost
	turns   chan struct{}
	waiting atomic.Int32
	dummy   string // a hash of nothing, to be compared with when there is no user
}

func newHashing(c cost) *hashing {
	h := &hashing{cost: c, turns: make(chan struct{}, maxHashing)}
	h.dummy = phc{cost: c, salt: make([]byte, saltBytes), hash: make([]byte, hashBytes)}.String()
	return h
}

// turn waits until one more hash may be computed. The caller must call done.
func (h *hashing) turn(ctx context.Context) (done func(), err error) {
	if h.waiting.Add(1) > maxWaiting+maxHashing {
		h.waiting.Add(-1)
		return nil, ErrBusy
	}
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns; h.waiting.Add(-1) }, nil
	case <-ctx.Done():
		h.waiting.Add(-1)
		return nil, ctx.Err()
	}
}

// make hashes a new password.
func (h *hashing) make(ctx context.Context, password string) (string, error) {
	done, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	p := phc{cost: h.cost, salt: make([]byte, saltBytes)}
	rand.Read(p.salt)
	p.hash = p.compute(password, hashBytes)
	return p.String(), nil
}

// verify tells whether password is the one behind the PHC string, and whether the string should be made anew because
// the standard cost has changed.
func (h *hashing) verify(ctx context.Context, encoded, password string) (ok, stale bool, err error) {
	p, err := parsePHC(encoded)
	if err != nil {
		return false, false, err
	}
	done, err := h.turn(ctx)
	if err != nil {
		return false, false, err
	}
	defer done()
	ok = subtle.ConstantTimeCompare(p.compute(password, len(p.hash)), p.hash) == 1
	return ok, p.cost != h.cost, nil
}

// phc is a password hash in the PHC string format: $argon2id$v=19$m=…,t=…,p=…$salt$hash.
type phc struct {
	cost cost
	salt []byte
	hash []byte
}

func (p phc) compute(password string, n int) []byte {
	return argon2.IDKey([]byte(password), p.salt, p.cost.passes, p.cost.memory, p.cost.lanes, uint32(n))
}

func (p phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.cost.memory, p.cost.passes, p.cost.lanes,
		b64.EncodeToString(p.salt), b64.EncodeToString(p.hash))
}

var errPHC = errors.New("the stored password hash is damaged")

func parsePHC(s string) (p phc, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, errPHC
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.cost.memory, &p.cost.passes, &p.cost.lanes); err != nil {
		return p, errPHC
	}
	if !p.cost.bounded() {
		return p, errPHC
	}
	if p.salt, err = decodePHC(parts[4]); err != nil {
		return p, err
	}
	p.hash, err = decodePHC(parts[5])
	return p, err
}

func (c cost) bounded() bool {
	return c.memory >= 8 && c.memory <= mostMemory && c.passes >= 1 && c.passes <= mostPasses && c.lanes >= 1 && c.lanes <= mostLanes
}

func decodePHC(s string) ([]byte, error) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < leastBytes || len(b) > mostBytes {
		return nil, errPHC
	}
	return b, nil
}
