package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"holdfast/gateway/web"
)

// mapVerbs are what is done with floor plans.
var mapVerbs = []verb{{"list", mapList}, {"add", mapAdd}, {"picture", mapPicture}, {"remove", mapRemove}, {"place", mapPlace}, {"unplace", mapUnplace}}

// mapCommand lists, makes and removes plans, and puts cameras on them.
func mapCommand(ctx context.Context, t terminal, args []string) error {
	return operate(ctx, t, "map", args, mapVerbs...)
}

const plansPath = "/api/v1/plans"

func planPath(plan, part string) string { return plansPath + "/" + url.PathEscape(plan) + part }

func mapList(ctx context.Context, t terminal, args []string) error {
	return askForList(ctx, t, args, "map list", plansPath, "PLAN\tNAME\tKIND\tPICTURE\tCAMERAS", func(p web.Plan) string {
		names := make([]string, len(p.Cameras))
		for i, c := range p.Cameras {
			names[i] = c.Camera
		}
		picture := "-"
		if p.Picture > 0 {
			picture = fmt.Sprintf("%dx%d", p.Width, p.Height)
		}
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s", p.ID, p.Name, p.Kind, picture, strings.Join(names, ", "))
	})
}

// printPlan prints the plan that something was done to.
func printPlan(q *inquiry, p web.Plan) error {
	return q.print(p, func(w io.Writer) { fmt.Fprintf(w, "%s\t%s\t%d cameras\n", p.ID, p.Name, len(p.Cameras)) })
}

func mapAdd(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "map add", "[--picture FILE | --geo] NAME")
	file := q.fs.String("picture", "", "its picture, a PNG or JPEG `FILE`")
	geo := q.fs.Bool("geo", false, "it has coordinates of the earth, and no picture")
	if err := q.begin(ctx, args, "the plan"); err != nil {
		return err
	}
	req := web.NewPlan{Name: q.fs.Arg(0), Kind: web.PlanFloor}
	if *geo {
		req.Kind = web.PlanGeo
		if *file != "" {
			return errors.New("--geo or --picture, not both")
		}
	}
	var p web.Plan
	if err := q.ask(http.MethodPost, plansPath, req, &p); err != nil {
		return err
	}
	if *file == "" {
		return printPlan(q, p)
	}
	return sendPicture(q, p.ID, *file)
}

func mapPicture(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "map picture", "--file FILE PLAN")
	file := q.fs.String("file", "", "a PNG or JPEG `FILE` (required)")
	if err := q.begin(ctx, args, "the id of a plan"); err != nil {
		return err
	}
	if *file == "" {
		return errors.New("which picture? Say --file FILE")
	}
	return sendPicture(q, q.fs.Arg(0), *file)
}

// sendPicture gives a plan its picture.
func sendPicture(q *inquiry, plan, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() > web.MaxPicture {
		return fmt.Errorf("%s: a file of at most %d bytes is taken", path, web.MaxPicture)
	}
	req, err := http.NewRequestWithContext(q.ctx, http.MethodPut, "http://localhost"+planPath(plan, "/picture"), f)
	if err != nil {
		return err
	}
	req.ContentLength = info.Size()
	req.Header.Set("Content-Type", "application/octet-stream")
	res, err := q.l.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask the running gateway: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 400 {
		return problem(res)
	}
	var p web.Plan
	if err := json.NewDecoder(res.Body).Decode(&p); err != nil {
		return err
	}
	return printPlan(q, p)
}

func mapRemove(ctx context.Context, t terminal, args []string) error {
	return askAboutOne(ctx, t, args, "map remove", "plan", http.MethodDelete, func(id string) string { return planPath(id, "") })
}

func mapPlace(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "map place", "--camera ID --at X,Y [--direction DEGREES] [--view DEGREES] [--range N] PLAN")
	camera := q.fs.String("camera", "", "the camera's `ID` (required)")
	at := q.fs.String("at", "", "where it is, `X,Y`: parts of the picture's width and height from the upper left, such as 0.25,0.4; of coordinates latitude,longitude (required)")
	direction := q.fs.Float64("direction", 0, "where it looks, `DEGREES` clockwise from above or north")
	view := q.fs.Float64("view", 0, "its horizontal field of view, `DEGREES`; 0: not drawn")
	reach := q.fs.Float64("range", 0, "how far the view is drawn: a part of the picture's width, or metres")
	if err := q.begin(ctx, args, "the id of a plan"); err != nil {
		return err
	}
	if *camera == "" {
		return errNoCamera
	}
	var x, y float64
	if n, err := fmt.Sscanf(*at, "%g,%g", &x, &y); n != 2 || err != nil {
		return fmt.Errorf("--at: %q is not X,Y", *at)
	}
	plan, err := findPlan(q, q.fs.Arg(0))
	if err != nil {
		return err
	}
	if plan.Kind == web.PlanGeo {
		x, y = y, x // people say latitude first
	}
	if err := q.ask(http.MethodPut, planPath(plan.ID, "/cameras/"+url.PathEscape(*camera)), web.PlacementAt{X: x, Y: y, Direction: *direction, View: *view, Range: *reach}, &plan); err != nil {
		return err
	}
	return printPlan(q, plan)
}

func findPlan(q *inquiry, id string) (web.Plan, error) {
	var list []web.Plan
	if err := q.ask(http.MethodGet, plansPath, nil, &list); err != nil {
		return web.Plan{}, err
	}
	for _, p := range list {
		if p.ID == id {
			return p, nil
		}
	}
	return web.Plan{}, fmt.Errorf("there is no plan %q (holdfast map list)", id)
}

func mapUnplace(ctx context.Context, t terminal, args []string) error {
	q := inquiryOptions(t, "map unplace", "--camera ID PLAN")
	camera := q.fs.String("camera", "", "the camera's `ID` (required)")
	if err := q.begin(ctx, args, "the id of a plan"); err != nil {
		return err
	}
	if *camera == "" {
		return errNoCamera
	}
	var p web.Plan
	if err := q.ask(http.MethodDelete, planPath(q.fs.Arg(0), "/cameras/"+url.PathEscape(*camera)), nil, &p); err != nil {
		return err
	}
	return printPlan(q, p)
}
