package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// maxListed bounds the destinations of one place that are printed.
const maxListed = 30

// report prints what was counted and gives errFindings when something went where it may not.
func report(w io.Writer, took time.Duration, u *usage, cable, loop counts) error {
	fmt.Fprintf(w, "\n%v of use: %d rounds through the viewer, %d pages, %d requests of the browser, %d live pictures seen to move, %d searches for cameras, %d pages not there in time\n",
		took.Round(time.Second), u.Rounds, u.Pages, u.Requests, u.Frames, u.searched, u.Stumbles)
	if u.viewer != "" {
		fmt.Fprintf(w, "The viewer was not used: %s\n", u.viewer)
	}
	all := merge(cable, loop)
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "\nto\tpackets\tMB\tto name servers\tSTUN\t")
	for _, p := range []place{loopback, lan, elsewhere} {
		t := all.total[p]
		fmt.Fprintf(tw, "%s\t%d\t%.1f\t%d\t%d\t\n", p, t.packets, float64(t.bytes)/1e6, all.names[p], all.stun[p])
	}
	tw.Flush()
	fmt.Fprintln(w, "\nSTUN to this machine and the local network are the connectivity checks of WebRTC between browser and gateway;\nname servers there are asked by multicast (mDNS), by the browser.")
	list(w, cable, lan)
	list(w, all, elsewhere)
	for _, name := range slices.Sorted(maps.Keys(cable.asked)) {
		fmt.Fprintf(w, "  asked for %s %d times\n", name, cable.asked[name])
	}
	tell(w, u)
	fmt.Fprintf(w, "\nNot counted for want of room: %d on the cable, %d on loopback\n", cable.dropped, loop.dropped)
	return verdict(w, u, cable, all)
}

func tell(w io.Writer, u *usage) {
	fmt.Fprintln(w, "\nRefused by the program itself:")
	for _, r := range u.refused {
		fmt.Fprintf(w, "  %s %s: %s, %d times\n", r.Network, r.Address, r.Why, r.Count)
	}
}

func verdict(w io.Writer, u *usage, cable, all counts) error {
	var wrong []string
	if n := all.total[elsewhere].packets; n > 0 {
		wrong = append(wrong, fmt.Sprintf("%d packets went to neither this machine nor the local network", n))
	}
	if cable.dropped > 0 {
		wrong = append(wrong, fmt.Sprintf("%d packets on the cable could not be looked at", cable.dropped))
	}
	if !slices.ContainsFunc(u.refused, func(r refusal) bool { return r.Address == nameServer+":53" && r.Count > 0 }) {
		wrong = append(wrong, "the program says of no attempt to ask the name server outside, though a camera is named by a host name")
	}
	if u.viewer == "" && (u.Frames == 0 || u.Pages <= u.Stumbles) {
		wrong = append(wrong, fmt.Sprintf("the viewer was hardly used: %d pages, %d pictures, %d pages not there in time", u.Pages, u.Frames, u.Stumbles))
	}
	wrong = append(wrong, u.Faults...)
	if len(wrong) == 0 {
		fmt.Fprintln(w, "\nNothing left the premises.")
		return nil
	}
	fmt.Fprintf(w, "\nFAILED\n  %s\n", strings.Join(wrong, "\n  "))
	return errFindings
}

func merge(a, b counts) counts {
	all := counts{by: maps.Clone(a.by), total: maps.Clone(a.total), names: maps.Clone(a.names), stun: maps.Clone(a.stun), asked: a.asked, more: a.more + b.more}
	for k, c := range b.by {
		all.by[k] = all.by[k].and(c)
	}
	for p, c := range b.total {
		all.total[p] = all.total[p].and(c)
		all.names[p] += b.names[p]
		all.stun[p] += b.stun[p]
	}
	return all
}

func (c count) and(d count) count {
	return count{packets: c.packets + d.packets, bytes: c.bytes + d.bytes, place: cmp.Or(c.place, d.place)}
}

// list prints the destinations of a place, those with most packets first.
func list(w io.Writer, c counts, where place) {
	var keys []key
	for k, n := range c.by {
		if n.place == where {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(c.by[b].packets, c.by[a].packets), a.to.Compare(b.to), cmp.Compare(a.port, b.port))
	})
	fmt.Fprintf(w, "\nTo %s by the cable: %d destinations\n", where, len(keys))
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, k := range keys[:min(len(keys), maxListed)] {
		port := ""
		if k.port != 0 {
			port = fmt.Sprint(k.port)
		}
		fmt.Fprintf(tw, "  %s\t%s\t%s\t%d packets\t%d bytes\n", k.to, k.proto, port, c.by[k].packets, c.by[k].bytes)
	}
	tw.Flush()
}
