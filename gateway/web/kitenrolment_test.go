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
