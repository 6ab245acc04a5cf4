package onvif

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"holdfast/onvif/internal/soap"
)

// User is an account of a device.
type User struct {
	Name  string
	Level string // Administrator, Operator, User, Anonymous or Extended
}

// UserLevels are those that an account may be given.
var UserLevels = []string{"Administrator", "Operator", "User"}

const (
	maxUsers = 128 // that are kept of a device
	maxName  = 64  // bytes, of an account's name and password
)

// Users lists the device's accounts (Core specification section 8.4.2).
func (c *Client) Users(ctx context.Context) ([]User, error) {
	n, err := c.ask(ctx, soap.NSDevice, "ask for the accounts", `<tds:GetUsers/>`)
	if err != nil {
		return nil, err
	}
	list := []User{}
	for _, u := range n.All("User") {
		if name := u.Get("Username"); name != "" && len(list) < maxUsers {
			list = append(list, User{Name: name, Level: u.Get("UserLevel")})
		}
	}
	return list, nil
}

// ErrInClear says that a new password would go to the device as it is: ONVIF has no other way but TLS.
var ErrInClear = errors.New("the device is reached without TLS, and its new password would go over the network as it is")

// covered tells by an error why a new password is not sent.
func (c *Client) covered(doing string, inClear bool) error {
	if c.device.Scheme == "https" || inClear {
		return nil
	}
	e := fail(Refused, doing, ErrInClear)
	e.Hint = "Reach the camera by https, or set the password in its web page; or say that it may go in clear, where nobody else is on the network."
	return e
}

// CreateUser makes an account. inClear allows its password to go over the network as it is where the device is reached without TLS;
// else that is ErrInClear.
func (c *Client) CreateUser(ctx context.Context, u User, password string, inClear bool) error {
	const doing = "make the account"
	if err := cmp.Or(checkUser(doing, u, password), c.covered(doing, inClear)); err != nil {
		return err
	}
	_, err := c.ask(ctx, soap.NSDevice, doing, "<tds:CreateUsers>"+userXML(u, password)+"</tds:CreateUsers>")
	return err
}

// SetUser gives an account another level, and another password where one is given (inClear as in CreateUser). When it is the client's own,
// a client with the new password is needed from then on.
func (c *Client) SetUser(ctx context.Context, u User, password string, inClear bool) error {
	const doing = "change the account"
	err := checkUser(doing, u, cmp.Or(password, "-"))
	if err == nil && password != "" {
		err = c.covered(doing, inClear)
	}
	if err == nil {
		_, err = c.ask(ctx, soap.NSDevice, doing, "<tds:SetUser>"+userXML(u, password)+"</tds:SetUser>")
	}
	return err
}

// DeleteUser removes an account. That of the client itself is not removed: the device could not be asked any more.
func (c *Client) DeleteUser(ctx context.Context, name string) error {
	const doing = "remove the account"
	if name == c.o.Username {
		return fail(Refused, doing, errors.New("it is the account by which the device is asked"))
	}
	_, err := c.ask(ctx, soap.NSDevice, doing, "<tds:DeleteUsers><tds:Username>"+soap.Escape(name)+"</tds:Username></tds:DeleteUsers>")
	return err
}

func checkUser(doing string, u User, password string) error {
	switch {
	case u.Name == "" || len(u.Name) > maxName:
		return fail(Refused, doing, fmt.Errorf("an account's name has 1 to %d bytes", maxName))
	case password == "" || len(password) > maxName:
		return fail(Refused, doing, fmt.Errorf("a password has 1 to %d bytes", maxName))
	case !slices.Contains(UserLevels, u.Level):
		return fail(Refused, doing, fmt.Errorf("%q is none of the levels %v", u.Level, UserLevels))
	}
	return nil
}

func userXML(u User, password string) string {
	secret := ""
	if password != "" {
		secret = "<tt:Password>" + soap.Escape(password) + "</tt:Password>"
	}
	return "<tds:User><tt:Username>" + soap.Escape(u.Name) + "</tt:Username>" + secret + "<tt:UserLevel>" + soap.Escape(u.Level) + "</tt:UserLevel></tds:User>"
}
