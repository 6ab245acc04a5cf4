package web

import "context"

// What is done with which cameras the site has: "till" is one of the configuration file.

func (c *cameras) ChangeCamera(_ context.Context, id string, ch CameraChange) (Camera, error) {
	x, ok := c.Camera(id)
	switch {
	case !ok:
		return x, ErrNotFound
	case id == "till":
		return x, InFile()
	case ch.Name != nil:
		x.Name = *ch.Name
	}
	return x, nil
}

func (c *cameras) RemoveCamera(_ context.Context, id string) (RemovedCamera, error) {
	if id == "till" {
		return RemovedCamera{}, InFile()
	}
	return RemovedCamera{ID: id, Footage: true}, nil
}

func (c *cameras) ReplaceCamera(_ context.Context, id string, req ReplaceRequest) (ReplacedCamera, error) {
	x, ok := c.Camera(id)
	if !ok {
		return ReplacedCamera{}, ErrNotFound
	}
	return ReplacedCamera{Camera: x, Before: DeviceIdentity{Serial: "1"}, After: DeviceIdentity{Serial: "2", Address: req.Address}}, nil
}

func (c *cameras) TestPicture(_ context.Context, req TestRequest) (TestPicture, error) {
	if req.Password == "wrong" {
		return TestPicture{}, Refused("the device refused the password", "look it up")
	}
	return TestPicture{Mime: "image/jpeg", Picture: "anBlZw==", Codec: "H264"}, nil
}

func (c *cameras) StartAdoption(req AdoptionRequest, told func(string, []string)) (AdoptionJob, error) {
	job := AdoptionJob{State: "running", Of: len(req.Devices)}
	for _, d := range req.Devices {
		told(d.Address, []string{"new", "newer"})
		job.Devices = append(job.Devices, AdoptionResult{Address: d.Address, State: "waiting"})
	}
	return job, nil
}

func (c *cameras) Adoption() (AdoptionJob, bool) { return AdoptionJob{State: "done"}, true }

func (c *cameras) CancelAdoption() (AdoptionJob, bool) { return AdoptionJob{State: "cancelled"}, true }

// The site has one plan, "hall", with both cameras on it.

var hall = Plan{ID: "hall", Name: "Hall", Kind: PlanFloor, Width: 100, Height: 50, Picture: 1, Cameras: []Placement{{Camera: "door", X: .5, Y: .5}, {Camera: "till", X: .1, Y: .1}}}

func (c *cameras) Plans() ([]Plan, error) { return []Plan{hall}, nil }

func (c *cameras) AddPlan(_ context.Context, req NewPlan) (Plan, error) {
	return Plan{ID: "new", Name: req.Name, Kind: req.Kind}, nil
}

func (c *cameras) planOf(id string) (Plan, error) {
	if id != hall.ID {
		return Plan{}, ErrNotFound
	}
	return hall, nil
}

func (c *cameras) RenamePlan(_ context.Context, id, name string) (Plan, error) {
	p, err := c.planOf(id)
	p.Name = name
	return p, err
}

func (c *cameras) SetPlanPicture(_ context.Context, id string, _ []byte) (Plan, error) {
	return c.planOf(id)
}

func (c *cameras) PlanPicture(id string) (string, []byte, error) {
	_, err := c.planOf(id)
	return "image/png", []byte("\x89PNG"), err
}

func (c *cameras) RemovePlan(_ context.Context, id string) error {
	_, err := c.planOf(id)
	return err
}

func (c *cameras) PlaceCamera(_ context.Context, id string, at Placement) (Plan, error) {
	p, err := c.planOf(id)
	if err == nil {
		err = at.Fits(p.Kind)
	}
	return p, err
}

func (c *cameras) UnplaceCamera(_ context.Context, id, _ string) (Plan, error) { return c.planOf(id) }

func (c *cameras) CameraHealth(id string, week bool) (CameraHealth, error) {
	h := CameraHealth{Camera: id, State: "online"}
	if week {
		h.Week = &WeekHealth{Gaps: 1, Lost: 60}
	}
	return h, nil
}

func (c *cameras) StoragePlan(ask PlanRequest) (StoragePlan, error) {
	return StoragePlan{Days: ask.Days, Rate: float64(ask.More) * ask.Bitrate / 8}, nil
}
