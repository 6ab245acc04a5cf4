package gateway

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"holdfast/gateway/statedb"
	"holdfast/gateway/vault"
	"holdfast/gateway/web"
)

// stateSchema is the version of the layout of state.db. A newer file is refused: an older program would lose what
// it does not know.
const stateSchema = 2 // 1: sealed under state.key

var (
	bucketMeta    = []byte("meta")
	bucketCameras = []byte("cameras")
	keySchema     = []byte("schema")
)

// State is state.db. What a transaction answers says whether it counts, see statedb: what counts takes effect, confirmed or not, and of what
// does not nothing is done. What was done to a volume, and the new password that a camera has taken already, take effect whatever comes of
// it, the former owed and tried again. It holds what cannot be rebuilt from footage. Today that is the adopted cameras (bucket "cameras", camera
// id → sealed JSON), what was changed of volumes at run time (bucket "volumes", path → JSON), whose locks are and why (bucket "locks", id →
// sealed JSON), what is said of events (bucket "event-texts", camera, a zero byte and the
// event's id → sealed JSON), plans with cameras on them (buckets "plans" and "plan-pictures", id → sealed) and what gateway/auth keeps in its own buckets of the same file.
type State struct {
	db    *statedb.DB
	vault *vault.Vault // nil: what is sealed cannot be used
}

// openState opens or makes state.db in dir. It waits two seconds for another process to let go of the file. Without a vault
// only what is not sealed may be used, and a schema of before stays.
func openState(dir string, v *vault.Vault) (*State, error) {
	path := filepath.Join(dir, "state.db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 2 * time.Second})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open %s: another holdfast process uses it", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &State{db: statedb.New(db), vault: v}
	if err := s.prepare(dir); err != nil {
		db.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return s, nil
}

func (s *State) prepare(dir string) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		meta, err := tx.CreateBucketIfNotExists(bucketMeta)
		if err != nil {
			return err
		}
		if _, err := tx.CreateBucketIfNotExists(bucketCameras); err != nil {
			return err
		}
		if err := checkSchema(meta); err != nil || s.vault == nil {
			return err
		}
		return meta.Put(keySchema, binary.BigEndian.AppendUint32(nil, stateSchema))
	})
	if err != nil || s.vault == nil {
		return err
	}
	return s.absorb(dir)
}

func checkSchema(meta *bbolt.Bucket) error {
	v := meta.Get(keySchema)
	if v != nil && (len(v) != 4 || binary.BigEndian.Uint32(v) > stateSchema) {
		return fmt.Errorf("its schema %x is newer than this program's (%d): run the newer holdfast, or restore the backup made before the upgrade", v, stateSchema)
	}
	return nil
}

// everAdopted reads those too that were removed since. Those that cannot be opened are left out.
func (s *State) everAdopted() (list []Adopted, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketCameras).ForEach(func(id, v []byte) error {
			if a, err := s.unseal(id, v); err == nil {
				list = append(list, a)
			}
			return nil
		})
	})
	return list, err
}

// forget drops what is kept of a camera.
func (s *State) forget(id string) error {
	return s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketCameras).Delete([]byte(id)) })
}

// adopted reads the cameras enrolled through the viewer, in the order of their adoption, which is that of the wall. Those that cannot be opened, because
// the root key of that time is missing or the vault is another one, are named with the reason: they must not keep the others from being recorded.
func (s *State) adopted() (list []Adopted, lost map[string]error, err error) {
	lost = make(map[string]error)
	err = s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketCameras).ForEach(func(id, v []byte) error {
			a, err := s.unseal(id, v)
			if err != nil {
				lost[string(id)] = err
				return nil
			}
			if a.Removed == nil {
				list = append(list, a)
			}
			return nil
		})
	})
	slices.SortStableFunc(list, func(a, b Adopted) int { return a.At.Compare(b.At) }) // they came in that of their ids
	return list, lost, err
}

// adoptedOf reads one adopted camera; web.ErrNotFound when there is none of the id.
func (s *State) adoptedOf(id string) (a Adopted, err error) {
	err = s.db.View(func(tx *bbolt.Tx) (err error) {
		v := tx.Bucket(bucketCameras).Get([]byte(id))
		if v == nil {
			return web.ErrNotFound
		}
		a, err = s.unseal([]byte(id), v)
		return err
	})
	return a, err
}

func (s *State) unseal(id, v []byte) (a Adopted, err error) {
	plain, err := s.open(purposeCamera, v, id)
	if err != nil {
		return a, err
	}
	err = json.Unmarshal(plain, &a)
	return a, err
}

// adopt writes a camera, replacing one of the same id.
func (s *State) adopt(a Adopted) error { return s.writeAdopted(a, false) }

// adoptAnew writes a camera of which somebody says that it is the right one where it is, or that is gone: what was learned of its
// device is forgotten with it, both or neither.
func (s *State) adoptAnew(a Adopted) error { return s.writeAdopted(a, true) }

func (s *State) writeAdopted(a Adopted, anew bool) error {
	plain, err := json.Marshal(a)
	if err != nil {
		return err
	}
	sealed, err := s.seal(purposeCamera, plain, []byte(a.ID))
	if err != nil {
		return err
	}
	return s.db.Update(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(bucketTrust); anew && b != nil {
			if err := b.Delete([]byte(a.ID)); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketCameras).Put([]byte(a.ID), sealed)
	})
}

func (s *State) Close() error { return s.db.Close() }
