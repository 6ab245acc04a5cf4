package onvif

import (
	"net/http"
	"time"

	"github.com/icholy/digest"
)

const (
	// transferTime bounds a transfer of a file.
	transferTime = 30 * time.Minute
	// answerTime is how long a device may think about a file that it was sent.
	answerTime = 5 * time.Minute
)

// transfer asks for, or sends, what is no message: a picture, a log, a file. It goes to the device alone, with HTTP Digest where it
// wants credentials; the password is never sent in clear. apart says that it goes on beside other questions, and may take minutes. The
// error of an account that may not do this is ErrForbidden, not one of the password: web pages often have accounts of their own.
func (c *Client) transfer(req *http.Request, apart bool) (*http.Response, error) {
	transport := c.http.Transport
	if apart {
		slow := c.http.Transport.(*http.Transport).Clone()
		slow.ResponseHeaderTimeout, slow.ExpectContinueTimeout = answerTime, time.Second
		transport = slow
	}
	if c.o.Username != "" {
		transport = &digest.Transport{Username: c.o.Username, Password: c.o.Password, Transport: transport}
	}
	client := &http.Client{Transport: transport, CheckRedirect: c.stay}
	res, err := client.Do(req)
	if err != nil {
		return nil, fail(Offline, "ask device", plain(err))
	}
	if res.StatusCode/100 == 2 {
		return res, nil
	}
	defer res.Body.Close()
	list, clear := challenges(res)
	if clear && c.o.Username != "" {
		c.refused("password", req.URL.Host, "files are fetched with a digest; the password is never sent in clear")
	}
	err = (&statusError{status: res.StatusCode, challenges: list, clear: clear}).classified()
	if refusedCredentials(err) && c.o.Username != "" {
		c.within(req.Context(), apart, func() error {
			if c.vouched(req.Context()) {
				err = forbidden(err)
			}
			return nil
		})
	}
	return nil, err
}
