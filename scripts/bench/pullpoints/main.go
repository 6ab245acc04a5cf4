// Command pullpoints is one side of many idle event subscriptions, so that each side's processor time can be told apart.
//
//	pullpoints -cameras N                the cameras: prints a line of JSON with their addresses, and the address of the reference
//	pullpoints -listen                   subscribes to each camera that it reads
//	pullpoints -reference                waits at the reference as often, with net/http alone
//
// The last two read the first one's line from standard input and print a line of JSON, {"subscribed":N,"cpu":SECONDS,"polls":N}, once
// all wait and once more for every further line that they read. All end with their standard input.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"holdfast/onvif"
	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

// wait is how long a poll waits, as onvif.Client has it.
const wait = 20 * time.Second

// addresses are where the cameras and the reference are.
type addresses struct {
	Cameras   []string `json:"cameras"`
	Reference string   `json:"reference"`
}

// told is what a side says of itself.
type told struct {
	Subscribed int64   `json:"subscribed"`
	CPU        float64 `json:"cpu"`
	Polls      int64   `json:"polls"`
}

func main() {
	cameras := flag.Int("cameras", 0, "be so many `CAMERAS`")
	listen := flag.Bool("listen", false, "subscribe to cameras")
	reference := flag.Bool("reference", false, "wait at the reference")
	flag.Parse()
	in := bufio.NewReader(os.Stdin)
	var err error
	switch {
	case *cameras > 0:
		err = be(*cameras, in)
	case *listen:
		err = follow(in, subscribe)
	case *reference:
		err = follow(in, poll)
	default:
		err = errors.New("say what to be")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pullpoints:", err)
		os.Exit(1)
	}
}

// be is the cameras, until in ends.
func be(n int, in io.Reader) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var a addresses
	for i := range n {
		s, err := server.New(server.Options{Device: onviftest.New(onviftest.Options{Kind: onviftest.Fixed, Name: fmt.Sprint("Camera ", i)}), Username: "user", Password: "password"})
		if err != nil {
			return err
		}
		a.Cameras = append(a.Cameras, s.Addr())
		go s.Run(ctx)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	a.Reference = l.Addr().String()
	answer := strings.Repeat("x", 1500) // about as long as an empty answer of a camera
	ref := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		select {
		case <-time.After(wait):
		case <-r.Context().Done():
		}
		io.WriteString(w, answer)
	})}
	go ref.Serve(l)
	defer ref.Close()
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in)
	return err
}

// follow starts one side, and tells of it whenever it is asked, until in ends.
func follow(in *bufio.Reader, start func(context.Context, addresses, *sync.WaitGroup, *atomic.Int64)) error {
	line, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	var a addresses
	if err := json.Unmarshal([]byte(line), &a); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var ready sync.WaitGroup
	var polls atomic.Int64
	start(ctx, a, &ready, &polls)
	ready.Wait()
	for {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			return err
		}
		cpu := time.Duration(u.Utime.Nano() + u.Stime.Nano())
		if err := json.NewEncoder(os.Stdout).Encode(told{int64(len(a.Cameras)), cpu.Seconds(), polls.Load()}); err != nil {
			return err
		}
		if _, err := in.ReadString('\n'); err != nil {
			return nil
		}
	}
}

// subscribe listens to the events of every camera.
func subscribe(ctx context.Context, a addresses, ready *sync.WaitGroup, polls *atomic.Int64) {
	var d net.Dialer
	for _, at := range a.Cameras {
		c, err := onvif.New(onvif.Options{Address: at, Username: "user", Password: "password", Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			polls.Add(1)
			return d.DialContext(ctx, network, address)
		}})
		if err != nil {
			fmt.Fprintln(os.Stderr, "pullpoints:", err)
			continue
		}
		ready.Add(1)
		var once sync.Once
		go c.Events(ctx, onvif.EventOptions{State: func(s onvif.Subscription) {
			if s.State == onvif.Synchronised {
				once.Do(ready.Done)
			}
		}}, func(onvif.Notification) {})
	}
}

// poll waits at the reference, as many at once as there are cameras.
func poll(ctx context.Context, a addresses, ready *sync.WaitGroup, polls *atomic.Int64) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: len(a.Cameras)}}
	body := strings.Repeat("x", 2500) // about as long as a PullMessages with a token
	for range a.Cameras {
		ready.Add(1)
		go func() {
			ready.Done()
			for ctx.Err() == nil {
				polls.Add(1)
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+a.Reference+"/", strings.NewReader(body))
				if err != nil {
					return
				}
				res, err := client.Do(req)
				if err != nil {
					return
				}
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
		}()
	}
}
