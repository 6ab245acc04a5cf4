package disk

import "fmt"

// smart is what of smartctl's JSON is read (smartmontools, smartctl(8), --json). Fields that a disk does not have are left out by it.
type smart struct {
	Status *struct {
		Passed bool `json:"passed"`
	} `json:"smart_status"`
	Temperature struct {
		Current int `json:"current"`
	} `json:"temperature"`
	PowerOn struct {
		Hours int `json:"hours"`
	} `json:"power_on_time"`
	Endurance *struct {
		Used int `json:"current_percent"`
	} `json:"endurance_used"`
	NVMe *struct {
		Critical int `json:"critical_warning"`
		Used     int `json:"percentage_used"`
		Errors   int `json:"media_errors"`
	} `json:"nvme_smart_health_information_log"`
	ATA struct {
		Table []attribute `json:"table"`
	} `json:"ata_smart_attributes"`
}

// attribute is one line of an ATA disk's table. Value counts down from 100 (or 200, 253) to its threshold.
type attribute struct {
	ID    int `json:"id"`
	Value int `json:"value"`
	Raw   struct {
		Value int64 `json:"value"`
	} `json:"raw"`
}

// The ATA attributes that are read. Makers number wear differently; each of these counts down from 100.
const (
	reallocated = 5
	pending     = 197
)

var wearAttributes = map[int]bool{
	177: true, // wear levelling count: Samsung
	202: true, // per cent lifetime remaining: Crucial, Micron
	231: true, // SSD life left: Kingston, Phison
	233: true, // media wearout indicator: Intel
}

// take reads what a disk says.
func (h *Health) take(s *smart) {
	if s == nil {
		return
	}
	h.Temperature, h.Hours = bounded(s.Temperature.Current), bounded(s.PowerOn.Hours)
	if s.Status != nil {
		h.State = Passed
		if !s.Status.Passed {
			h.State, h.Why = Failing, "it predicts its own failure"
		}
	}
	h.attributes(s.ATA.Table)
	if s.Endurance != nil {
		h.Wear = bounded(s.Endurance.Used)
	}
	if n := s.NVMe; n != nil {
		h.Wear, h.Pending = bounded(n.Used), bounded(n.Errors)
		if n.Critical != 0 {
			h.State, h.Why = Failing, fmt.Sprintf("it warns of itself (critical warning %#x)", bounded(n.Critical))
		}
	}
}

func (h *Health) attributes(table []attribute) {
	for _, a := range table {
		switch {
		case a.ID == reallocated:
			h.Reallocated = int(min(max(a.Raw.Value, 0), maxNumber))
		case a.ID == pending:
			h.Pending = int(min(max(a.Raw.Value, 0), maxNumber))
		case wearAttributes[a.ID] && a.Value > 0 && a.Value <= 100:
			h.Wear = max(h.Wear, 100-a.Value)
		}
	}
}

// maxNumber bounds what is believed of a disk's numbers.
const maxNumber = 1 << 30

func bounded(n int) int { return min(max(n, 0), maxNumber) }
