// Command street is a process full of cameras for the torture and the benchmarks: simulated RTSP cameras that go on
// while the recorder is killed, or that are killed while the recorder goes on.
//
//	street -clip FILE [-cameras N] [-listen HOST:PORT] [-sent FILE]
//	street -devices N [-strangers N] [-lively] [-kinds KIND,…]
//
// The second are whole ONVIF devices of several kinds, which discovery finds; it prints where each is and its user name and password,
// which of the strangers is another one than that of the others. Lively ones tell what they see: boxes, temperatures and motion.
//
// It prints one line of JSON, the addresses of its cameras, once they can be reached, and plays until its standard input
// ends or it is told to stop. All cameras play the clip, each shifted against the others, in step with the wall clock: a
// camera that was gone comes back in the middle of a group of pictures, as if it had never stopped.
//
// With -sent it keeps the account of what was sent: a line for each picture, of the camera's number from 0, the picture's
// place in the clip, and when it was sent, in nanoseconds since 1970. What a recorder says it has can be held against it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"holdfast/rtsp/rtsptest"
)

// shift separates the key frames of neighbouring cameras, as they are in a real street.
const shift = 370 * time.Millisecond

func main() {
	clip := flag.String("clip", "", "the MP4 `FILE` that the cameras play")
	count := flag.Int("cameras", 1, "how many cameras")
	listen := flag.String("listen", "127.0.0.1:0", "address of the only camera; several take free ports")
	sent := flag.String("sent", "", "the `FILE` to add a line to for each picture that was sent")
	devices := flag.Int("devices", 0, "how many ONVIF devices, instead of cameras that play a clip")
	strangers := flag.Int("strangers", 0, "how many of those have another password")
	lively := flag.Bool("lively", false, "the devices tell what they see")
	of := flag.String("kinds", "", "the `KINDS` of devices, in turn, as package onviftest names them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		io.Copy(io.Discard, os.Stdin) // ends with whoever started this process
		stop()
	}()
	play := func() error { return run(ctx, *clip, *count, *listen, *sent) }
	if *devices > 0 {
		play = func() error { return runDevices(ctx, *devices, *strangers, *lively, kindsOf(*of)) }
	}
	if err := play(); err != nil {
		fmt.Fprintln(os.Stderr, "street:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, file string, count int, listen, sent string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	clip, err := rtsptest.LoadClip(f)
	f.Close()
	if err != nil {
		return err
	}
	told, err := account(sent)
	if err != nil {
		return err
	}
	cameras, urls, servers := errgroup.Group{}, make([]string, count), make([]*rtsptest.Server, count)
	for i := range urls {
		s, err := rtsptest.New(rtsptest.Options{Listen: listen, Paths: map[string]*rtsptest.Clip{"live": clip}, Phase: wallPhase(clip, i), Sent: told(i)})
		if err != nil {
			return err
		}
		urls[i], servers[i] = s.URL("live"), s
		cameras.Go(func() error { return s.Run(ctx) })
	}
	if err := json.NewEncoder(os.Stdout).Encode(urls); err != nil {
		return err
	}
	cameras.Go(func() error { tellDropped(ctx, servers); return nil })
	return cameras.Wait()
}

// tellDropped says on standard error, at most once a second, how many packets were dropped in all: then this process or who reads
// is too slow, and what is measured is that.
func tellDropped(ctx context.Context, servers []*rtsptest.Server) {
	var told int64
	for tick := time.NewTicker(time.Second); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		var sum int64
		for _, s := range servers {
			sum += s.Dropped()
		}
		if sum != told {
			fmt.Fprintf(os.Stderr, "street: %d packets dropped: the cameras or who reads them are too slow\n", sum)
			told = sum
		}
	}
}

// wallPhase is the position in the clip of a camera that has played it since 1970.
func wallPhase(clip *rtsptest.Clip, n int) func() time.Duration {
	return func() time.Duration {
		return (time.Duration(time.Now().UnixNano()) + time.Duration(n)*shift) % clip.Duration
	}
}

// account opens the file that says what each camera sent; without one nobody is told.
func account(file string) (func(camera int) func(string, int, time.Time), error) {
	if file == "" {
		return func(int) func(string, int, time.Time) { return nil }, nil
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return func(camera int) func(string, int, time.Time) {
		return func(_ string, unit int, at time.Time) {
			// One write for each line, so that cameras do not mix theirs and nothing is held back.
			if _, err := fmt.Fprintf(f, "%d %d %d\n", camera, unit, at.UnixNano()); err != nil {
				fmt.Fprintln(os.Stderr, "street: account:", err)
			}
		}
	}, nil
}
