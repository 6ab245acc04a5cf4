package onvif

import (
	"context"
	"errors"

	"holdfast/onvif/internal/soap"
	"holdfast/onvif/internal/tt"
)

// maxTours bounds the tours of a node that are read.
const maxTours = 128

// Tours lists the preset tours, at most maxTours.
func (p *PTZ) Tours(ctx context.Context) (list []PresetTour, err error) {
	n, err := p.ask(ctx, "GetPresetTours", "ask for preset tours", "", false)
	if err != nil {
		return nil, err
	}
	for _, k := range n.All("PresetTour") {
		if t := tt.ReadPresetTour(k); t.Token != "" && len(list) < maxTours {
			list = append(list, t)
		}
	}
	return list, nil
}

// TourOptions tells what a tour can be. token may be empty, for a new one.
func (p *PTZ) TourOptions(ctx context.Context, token string) (TourOptions, error) {
	more := ""
	if token != "" {
		more = tourToken(token)
	}
	n, err := p.ask(ctx, "GetPresetTourOptions", "ask what a preset tour can be", more, false)
	if err != nil {
		return TourOptions{}, err
	}
	return tt.ReadTourOptions(n.Find("Options")), nil
}

func tourToken(token string) string {
	return "<tptz:PresetTourToken>" + soap.Escape(token) + "</tptz:PresetTourToken>"
}

// CreateTour makes an empty tour and gives its token.
func (p *PTZ) CreateTour(ctx context.Context) (string, error) {
	n, err := p.ask(ctx, "CreatePresetTour", "make a preset tour", "", false)
	if err != nil {
		return "", err
	}
	if t := n.Get("PresetTourToken"); t != "" {
		return t, nil
	}
	return "", fail(Protocol, "make a preset tour", errors.New("the answer does not say which it became"))
}

// ModifyTour changes the tour of a token.
func (p *PTZ) ModifyTour(ctx context.Context, t PresetTour) error {
	t.State = "" // the device's to say; the schema wants one
	return p.tell(ctx, "ModifyPresetTour", "change a preset tour", t.XML("tptz:PresetTour"))
}

// OperateTour starts, stops or pauses a tour: Start, Stop, Pause.
func (p *PTZ) OperateTour(ctx context.Context, token, operation string) error {
	return p.tell(ctx, "OperatePresetTour", "operate a preset tour", tourToken(token)+"<tptz:Operation>"+soap.Escape(operation)+"</tptz:Operation>")
}

// RemoveTour removes a tour.
func (p *PTZ) RemoveTour(ctx context.Context, token string) error {
	return p.tell(ctx, "RemovePresetTour", "remove a preset tour", tourToken(token))
}
