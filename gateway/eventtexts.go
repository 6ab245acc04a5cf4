package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"holdfast/gateway/web"
	"holdfast/storage"
)

// bucketTexts is what state.db keeps of events: camera, a zero byte and the event's id → sealed JSON. What somebody says of an event may
// name people; the journals and the index, which are in clear, do not hold it.
var bucketTexts = []byte("event-texts")

const (
	// maxTexts bounds the texts of one camera. Those of events that are no more do not count.
	maxTexts = 10_000
	// textPeriod is how often texts of events that are no more are looked for.
	textPeriod = time.Hour
)

// keptText is what is said of an event.
type keptText struct {
	Text string    `json:"text"`
	Said time.Time `json:"said"`
}

func textKey(camera, id string) []byte { return append(append([]byte(camera), 0), id...) }

// splitTextKey gives the camera and the event's id of a key.
func splitTextKey(k []byte) (camera, id string) {
	c, i, _ := bytes.Cut(k, []byte{0})
	return string(c), string(i)
}

// keepText keeps what is said of an event: nil leaves it as it is, "" takes it away.
func (g *Gateway) keepText(camera, id string, text *string) error {
	switch {
	case text == nil:
		return nil
	case *text == "":
		return g.state.dropTexts([][]byte{textKey(camera, id)})
	}
	err := g.state.keepText(textKey(camera, id), keptText{Text: *text, Said: g.now().UTC()})
	if errors.Is(err, errManyTexts) {
		return web.Rejected("text", fmt.Sprintf("The event is kept, without what is said of it: %d events of this camera have a text already, the most there may be. They go with their footage; take some away, or mark without words.", maxTexts))
	}
	return err
}

// TellTexts sets what is said of events of a camera, in the order of their starts. One that cannot be opened is logged and left out.
func (g *Gateway) TellTexts(camera string, list []web.Event) {
	if len(list) == 0 {
		return
	}
	byID := make(map[string]*web.Event, len(list))
	for i := range list {
		byID[list[i].ID] = &list[i]
	}
	err := g.state.eachText(textKey(camera, list[0].ID), func(k, v []byte) (bool, error) {
		c, id := splitTextKey(k)
		if c != camera || id > list[len(list)-1].ID {
			return false, nil
		}
		if e := byID[id]; e != nil {
			kept, err := g.state.openText(k, v)
			if err != nil {
				g.log.Error("what is said of an event cannot be opened", "camera", camera, "event", id, "error", err)
			}
			e.Text = kept.Text
		}
		return true, nil
	})
	if err != nil {
		g.log.Error("read what is said of events", "camera", camera, "error", err)
	}
}

// eraseTexts drops what was said of events of a camera that overlap a range whose footage is erased, of whichever stream.
func (g *Gateway) eraseTexts(camera string, from, to time.Time) error {
	if g.state == nil { // on the files, without one: nothing was ever said
		return nil
	}
	events, err := g.store.Events(camera, from, to, 0)
	if err != nil {
		return err
	}
	var drop [][]byte
	for _, e := range events {
		drop = append(drop, textKey(camera, e.ID))
	}
	err = g.state.eachText(textKey(camera, ""), func(k, _ []byte) (bool, error) {
		c, id := splitTextKey(k)
		if at, ok := storage.EventStart(id); c == camera && ok && !at.Before(from) && at.Before(to) {
			drop = append(drop, bytes.Clone(k))
		}
		return c == camera, nil
	})
	return errors.Join(err, g.state.dropTexts(drop))
}

// dropLooseTexts drops texts of an erasure that a crash cut short, and, when gone, of events that are no more, as their footage is. While a
// volume is away its events may be too, when the index was made again without it: then nothing counts as gone.
func (g *Gateway) dropLooseTexts(gone bool) error {
	g.texts = g.now()
	erasures, err := g.store.Erasures("")
	if err != nil {
		return err
	}
	gone = gone && !slices.ContainsFunc(g.store.Volumes(), func(v storage.VolumeStatus) bool { return !v.Usable() })
	var drop [][]byte
	err = g.state.eachText(nil, func(k, v []byte) (bool, error) {
		camera, id := splitTextKey(k)
		e, err := g.store.EventOf(camera, id)
		if errors.Is(err, storage.ErrNoEvent) {
			if gone {
				drop = append(drop, bytes.Clone(k))
			}
			return true, nil
		}
		if err != nil {
			return false, err
		}
		kept, err := g.state.openText(k, v)
		if err != nil { // it waits for its key
			return true, nil
		}
		for _, x := range erasures {
			if x.Camera == camera && kept.Said.Before(x.Requested) && e.Start.Before(x.To) && (e.End.After(x.From) || !e.Start.Before(x.From)) {
				drop = append(drop, bytes.Clone(k))
				break
			}
		}
		return true, nil
	})
	return errors.Join(err, g.state.dropTexts(drop))
}

var errManyTexts = errors.New("too many texts of events")

func (s *State) keepText(k []byte, kept keptText) error {
	plain, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	sealed, err := s.seal(purposeText, plain, k)
	if err != nil {
		return fmt.Errorf("keep text of event: %w", err)
	}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketTexts)
		if err != nil {
			return err
		}
		if b.Get(k) == nil && textsOf(b, k) >= maxTexts {
			return errManyTexts
		}
		return b.Put(k, sealed)
	})
	if err != nil {
		return fmt.Errorf("keep text of event: %w", err)
	}
	return nil
}

// textsOf counts the texts of the camera of a key.
func textsOf(b *bbolt.Bucket, key []byte) (n int) {
	camera, _ := splitTextKey(key)
	prefix := textKey(camera, "")
	c := b.Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		n++
	}
	return n
}

// eachText calls f for the texts from a key on, until it says that it has enough.
func (s *State) eachText(from []byte, f func(k, v []byte) (more bool, err error)) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketTexts)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		for k, v := c.Seek(from); k != nil; k, v = c.Next() {
			if more, err := f(k, v); err != nil || !more {
				return err
			}
		}
		return nil
	})
}

func (s *State) openText(k, v []byte) (kept keptText, err error) {
	plain, err := s.open(purposeText, v, k)
	if err != nil {
		return kept, err
	}
	return kept, json.Unmarshal(plain, &kept)
}

func (s *State) dropTexts(keys [][]byte) error {
	if len(keys) == 0 {
		return nil
	}
	err := s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketTexts)
		if b == nil {
			return nil
		}
		var err error
		for _, k := range keys {
			err = errors.Join(err, b.Delete(k))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("drop texts of events: %w", err)
	}
	return nil
}
