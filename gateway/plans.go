package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"holdfast/gateway/web"
)

// What state.db keeps of plans: id → sealed JSON, and id → sealed picture. A plan of a building is for who works there.
var (
	bucketPlans    = []byte("plans")
	bucketPictures = []byte("plan-pictures")
)

const (
	purposePlan    = "plan"
	purposePicture = "plan picture"

	// maxPlans bounds the plans of a site.
	maxPlans = 32
)

// keptPlan is a plan as state.db keeps it. Fields are only ever added.
type keptPlan struct {
	web.Plan
	Mime string `json:"mime,omitempty"`

	drawn []byte // another picture, to be written with it; nil: it keeps the one that it has
}

// Plans lists the plans, by name.
func (g *Gateway) Plans() ([]web.Plan, error) {
	kept, err := g.state.plans()
	if err != nil {
		return nil, fmt.Errorf("read plans: %w", err)
	}
	list := make([]web.Plan, 0, len(kept))
	for _, k := range kept {
		k.Cameras = slices.DeleteFunc(k.Cameras, func(p web.Placement) bool { // one that was removed is on no plan until it is back
			_, there := g.camera(p.Camera)
			return !there
		})
		list = append(list, k.Plan)
	}
	slices.SortFunc(list, func(a, b web.Plan) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list, nil
}

// AddPlan makes a plan.
func (g *Gateway) AddPlan(_ context.Context, req web.NewPlan) (p web.Plan, err error) {
	g.enrolling.Lock()
	defer g.enrolling.Unlock()
	all, err := g.state.plans()
	if err != nil {
		return p, fmt.Errorf("read plans: %w", err)
	}
	if len(all) >= maxPlans {
		return p, web.Rejected("name", fmt.Sprintf("A site has %d plans at most.", maxPlans))
	}
	p = web.Plan{ID: planID(req.Name, all), Name: req.Name, Kind: req.Kind, Cameras: []web.Placement{}}
	return p, g.keepPlan(keptPlan{Plan: p})
}

func planID(name string, all []keptPlan) string {
	base := slug(name)
	for n := 1; ; n++ {
		id := base
		if n > 1 {
			id = fmt.Sprintf("%s-%d", base, n)
		}
		if !slices.ContainsFunc(all, func(k keptPlan) bool { return k.ID == id }) {
			return id
		}
	}
}

// changePlan changes a plan by f.
func (g *Gateway) changePlan(id string, f func(*keptPlan) error) (web.Plan, error) {
	g.enrolling.Lock()
	defer g.enrolling.Unlock()
	k, err := g.state.plan(id)
	if err == nil {
		err = f(&k)
	}
	if err == nil {
		err = g.keepPlan(k)
	}
	return k.Plan, err
}

func (g *Gateway) keepPlan(k keptPlan) error {
	plain, err := json.Marshal(k)
	if err != nil {
		return err
	}
	list := []sealing{{bucketPlans, purposePlan, plain}}
	if k.drawn != nil { // both or neither: a plan tells the size of its picture
		list = append(list, sealing{bucketPictures, purposePicture, k.drawn})
	}
	return wrap(g.state.putSealed(k.ID, list...), "keep plan "+k.ID)
}

// RenamePlan names a plan anew.
func (g *Gateway) RenamePlan(_ context.Context, id, name string) (web.Plan, error) {
	return g.changePlan(id, func(k *keptPlan) error {
		k.Name = name
		return nil
	})
}

// SetPlanPicture gives a plan its picture, or another one. Cameras stay where they are on it.
func (g *Gateway) SetPlanPicture(_ context.Context, id string, data []byte) (web.Plan, error) {
	g.drawing.Lock()
	mime, picture, width, height, err := planPicture(data)
	g.drawing.Unlock()
	if err != nil {
		return web.Plan{}, err
	}
	return g.changePlan(id, func(k *keptPlan) error {
		if k.Kind == web.PlanGeo {
			return web.Rejected("image", "This plan has coordinates of the earth, and no picture.")
		}
		k.Mime, k.Width, k.Height, k.Picture, k.drawn = mime, width, height, k.Picture+1, picture
		return nil
	})
}

// PlanPicture gives the picture of a plan.
func (g *Gateway) PlanPicture(id string) (mime string, data []byte, err error) {
	k, err := g.state.plan(id)
	if err != nil {
		return "", nil, err
	}
	data, err = g.state.sealedValue(bucketPictures, purposePicture, id)
	return k.Mime, data, err
}

// RemovePlan removes a plan. Cameras are not touched.
func (g *Gateway) RemovePlan(_ context.Context, id string) error {
	g.enrolling.Lock()
	defer g.enrolling.Unlock()
	if _, err := g.state.plan(id); err != nil {
		return err
	}
	err := g.state.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{bucketPlans, bucketPictures} {
			if b := tx.Bucket(name); b != nil {
				if err := b.Delete([]byte(id)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove plan %s: %w", id, err)
	}
	return nil
}

// PlaceCamera puts a camera on a plan, or moves it there.
func (g *Gateway) PlaceCamera(_ context.Context, id string, at web.Placement) (web.Plan, error) {
	if _, there := g.camera(at.Camera); !there {
		return web.Plan{}, web.ErrNotFound
	}
	return g.changePlan(id, func(k *keptPlan) error {
		if err := at.Fits(k.Kind); err != nil {
			return err
		}
		k.Cameras = append(slices.DeleteFunc(k.Cameras, func(p web.Placement) bool { return p.Camera == at.Camera }), at)
		slices.SortFunc(k.Cameras, func(a, b web.Placement) int { return strings.Compare(a.Camera, b.Camera) })
		return nil
	})
}

// UnplaceCamera takes a camera off a plan.
func (g *Gateway) UnplaceCamera(_ context.Context, id, camera string) (web.Plan, error) {
	return g.changePlan(id, func(k *keptPlan) error {
		n := len(k.Cameras)
		if k.Cameras = slices.DeleteFunc(k.Cameras, func(p web.Placement) bool { return p.Camera == camera }); len(k.Cameras) == n {
			return web.ErrNotFound
		}
		return nil
	})
}

// plans reads all plans. One that cannot be opened, because its root key is missing, is left out.
func (s *State) plans() (list []keptPlan, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketPlans)
		if b == nil {
			return nil
		}
		return b.ForEach(func(id, v []byte) error {
			var k keptPlan
			if plain, err := s.open(purposePlan, v, id); err == nil && json.Unmarshal(plain, &k) == nil {
				list = append(list, k)
			}
			return nil
		})
	})
	return list, err
}

func (s *State) plan(id string) (k keptPlan, err error) {
	plain, err := s.sealedValue(bucketPlans, purposePlan, id)
	if err == nil {
		err = json.Unmarshal(plain, &k)
	}
	return k, err
}

// sealedValue opens a value; web.ErrNotFound where there is none.
func (s *State) sealedValue(bucket []byte, purpose, id string) (plain []byte, err error) {
	var sealed []byte
	err = s.db.View(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(bucket); b != nil {
			sealed = slices.Clone(b.Get([]byte(id)))
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case sealed == nil:
		return nil, web.ErrNotFound
	}
	return s.open(purpose, sealed, []byte(id))
}

// sealing is a value that is written sealed: into which bucket, and for what purpose.
type sealing struct {
	bucket  []byte
	purpose string
	plain   []byte
}

// putSealed writes values of one id, all or none.
func (s *State) putSealed(id string, list ...sealing) error {
	for i := range list {
		sealed, err := s.seal(list[i].purpose, list[i].plain, []byte(id))
		if err != nil {
			return err
		}
		list[i].plain = sealed
	}
	return s.db.Update(func(tx *bbolt.Tx) error {
		for _, v := range list {
			b, err := tx.CreateBucketIfNotExists(v.bucket)
			if err = errors.Join(err, putIn(b, id, v.plain)); err != nil {
				return err
			}
		}
		return nil
	})
}

func putIn(b *bbolt.Bucket, id string, v []byte) error {
	if b == nil {
		return nil
	}
	return b.Put([]byte(id), v)
}
