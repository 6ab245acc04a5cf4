package onvif

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

const (
	// MaxUpload bounds firmware and backups that are sent to a device, MaxDownload what is got of it, bytes.
	MaxUpload   = 1 << 30
	MaxDownload = 256 << 20
	// MaxLog bounds what is kept of a device's log, bytes.
	MaxLog = 4 << 20
	// maxWait bounds how long a device may ask us to wait before an upload.
	maxWait = 2 * time.Minute
)

// Reboot restarts the device (Core specification section 8.3.4), and gives what it says about it.
func (c *Client) Reboot(ctx context.Context) (string, error) {
	n, err := c.ask(ctx, soap.NSDevice, "restart the device", `<tds:SystemReboot/>`)
	return oneLine(n.Get("Message")), err
}

// oneLine bounds what a device says to people.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.ToValidUTF8(s[:min(len(s), 200)], "")
}

// Reset sets the device back to how it was delivered: hard, with its network settings and accounts, or soft, without. It cannot be
// undone.
func (c *Client) Reset(ctx context.Context, hard bool) error {
	how := "Soft"
	if hard {
		how = "Hard"
	}
	_, err := c.ask(ctx, soap.NSDevice, "reset the device", `<tds:SetSystemFactoryDefault><tds:FactoryDefault>`+how+`</tds:FactoryDefault></tds:SetSystemFactoryDefault>`)
	return err
}

// SystemLog gives the device's own log: "System" or "Access". Core specification sections 8.3.9 (GetSystemUris) and 8.3.10.
func (c *Client) SystemLog(ctx context.Context, kind string) (string, error) {
	doing := "get the device's log"
	if kind != "System" && kind != "Access" {
		return "", fail(Refused, doing, fmt.Errorf("%q is neither System nor Access", kind))
	}
	uris, err := c.systemURIs(ctx)
	if err == nil {
		for _, l := range uris.Find("SystemLogUris").All("SystemLog") {
			if !strings.EqualFold(l.Get("Type"), kind) {
				continue
			}
			if at := c.own(l.Get("Uri")); at != nil {
				var b strings.Builder
				_, err := c.download(ctx, at, doing, &b, MaxLog)
				return strings.ToValidUTF8(b.String(), "\uFFFD"), err
			}
		}
	} else if !isRefusal(err) {
		return "", err
	}
	n, err := c.ask(ctx, soap.NSDevice, doing, `<tds:GetSystemLog><tds:LogType>`+kind+`</tds:LogType></tds:GetSystemLog>`)
	if err != nil {
		return "", err
	}
	if text := n.Get("SystemLog", "String"); text != "" {
		return text, nil
	}
	return "", fail(Refused, doing, errors.New("the device sends its log in a form that is not read (an attachment)"))
}

func (c *Client) systemURIs(ctx context.Context) (*soap.Node, error) {
	return c.ask(ctx, soap.NSDevice, "ask where the device keeps its files", `<tds:GetSystemUris/>`)
}

// Backup writes the device's settings to w, as the device packs them, and gives their size, bytes (Core specification section 8.3.6).
func (c *Client) Backup(ctx context.Context, w io.Writer) (int64, error) {
	const doing = "back up the device's settings"
	uris, err := c.systemURIs(ctx)
	if err != nil {
		return 0, err
	}
	at := c.own(uris.Get("SystemBackupUri"))
	if at == nil {
		return 0, fail(Refused, doing, errors.New("the device names no address for it"))
	}
	return c.download(ctx, at, doing, w, MaxDownload)
}

// Upload is what is sent to a device.
type Upload struct {
	Body io.ReadSeeker
	Size int64            // bytes, at most MaxUpload
	Sent func(sent int64) // told of the progress, bytes; may be nil
}

// Restore sends settings that Backup wrote, after which the device restarts. It gives how long that takes, as the device says
// (Core specification section 8.3.7).
func (c *Client) Restore(ctx context.Context, u Upload) (time.Duration, error) {
	return c.hand(ctx, "restore the device's settings", `<tds:StartSystemRestore/>`, u)
}

// UpgradeFirmware sends firmware, after which the device restarts. It gives how long that takes, as the device says (Core
// specification section 8.3.3). Devices that take firmware as an attachment of a message only refuse.
func (c *Client) UpgradeFirmware(ctx context.Context, u Upload) (time.Duration, error) {
	return c.hand(ctx, "upgrade the firmware", `<tds:StartFirmwareUpgrade/>`, u)
}

func (c *Client) hand(ctx context.Context, doing, start string, u Upload) (time.Duration, error) {
	if u.Size <= 0 || u.Size > MaxUpload {
		return 0, fail(Refused, doing, fmt.Errorf("a file of 1 to %d bytes is taken", int64(MaxUpload)))
	}
	n, err := c.ask(ctx, soap.NSDevice, doing, start)
	if err != nil {
		return 0, err
	}
	at := c.own(n.Get("UploadUri"))
	if at == nil {
		return 0, fail(Protocol, doing, errors.New("the device names no address to send it to"))
	}
	if wait, _ := soap.Duration(n.Get("UploadDelay")); wait > 0 {
		t := time.NewTimer(min(wait, maxWait))
		defer t.Stop()
		select {
		case <-ctx.Done():
			return 0, fail(Offline, doing, ctx.Err())
		case <-t.C:
		}
	}
	down, _ := soap.Duration(n.Get("ExpectedDownTime"))
	return down, c.upload(ctx, at, doing, u)
}

// upload sends a file. A device that wants credentials says so first, for which nothing is sent but the beginning.
func (c *Client) upload(ctx context.Context, at *url.URL, doing string, u Upload) error {
	ctx, cancel := context.WithTimeout(ctx, transferTime)
	defer cancel()
	body := func() (io.ReadCloser, error) {
		if _, err := u.Body.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		return io.NopCloser(&progress{r: io.LimitReader(u.Body, u.Size), told: u.Sent}), nil
	}
	first, err := body()
	if err != nil {
		return fail(Protocol, doing, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), first)
	if err != nil {
		return fail(Protocol, doing, err)
	}
	req.GetBody, req.ContentLength = body, u.Size
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Expect", "100-continue")
	res, err := c.transfer(req, true)
	if err != nil {
		return classify(doing, err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, io.LimitReader(res.Body, discardLimit))
	return nil
}

// download gets a file of at most limit bytes.
func (c *Client) download(ctx context.Context, at *url.URL, doing string, w io.Writer, limit int64) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, transferTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return 0, fail(Protocol, doing, err)
	}
	res, err := c.transfer(req, true)
	if err != nil {
		return 0, classify(doing, err)
	}
	defer res.Body.Close()
	n, err := io.Copy(w, io.LimitReader(res.Body, limit))
	if err != nil {
		return n, fail(Offline, doing, plain(err))
	}
	if more, _ := res.Body.Read(make([]byte, 1)); more > 0 {
		return n, fail(Protocol, doing, fmt.Errorf("it is longer than %d bytes", limit))
	}
	return n, nil
}

// progress tells how much was read.
type progress struct {
	r    io.Reader
	n    int64
	told func(int64)
}

func (p *progress) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if p.n += int64(n); p.told != nil && n > 0 {
		p.told(p.n)
	}
	return n, err
}
