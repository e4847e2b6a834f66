// Package demo makes a small bureau to look at: three departments, people in every role, four cameras, and footage
// that ffmpeg made, docked for real through the agent. Nothing in it is pretended except the people.
package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/account"
	"zhilu.dev/zhilu/internal/app"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/config"
	"zhilu.dev/zhilu/internal/device"
	"zhilu.dev/zhilu/internal/dock"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/org"
	"zhilu.dev/zhilu/internal/regulation"
)

// Config says how the demo runs.
type Config struct {
	Listen string
	Dir    string
	Once   bool
	Clock  clock.Clock
	Log    *slog.Logger
	Words  locale.Printer
	Say    func(string)
	Hash   account.HashParams // tests make passwords cheap
	// Ready is called with the address once everything is docked; nil for none.
	Ready func(url string)
}

// Password is every demo account's. The demo prints it; it guards invented people and films only.
const Password = "云溪演示 zhilu 2026" //nolint:gosec // it is no secret

const bureau = "云溪县司法局"

// person is somebody of the demo.
type person struct {
	name, username string
	department     int // index into departments, -1 for the bureau
	role           access.Role
	certificate    string
}

var departments = []string{"公共法律服务科", "行政执法科", "基层工作科"}

var people = []person{
	{"李明远", "lmy", 0, access.Officer, "云执 0401"},
	{"阿依努尔·买买提依明·托合提库尔班江", "aynur", 1, access.Officer, "云执 0417"},
	{"赵䶮", "zhaoyan", 1, access.Officer, "云执 0422"},
	{"孙慧", "sunhui", 0, access.Custodian, ""},
	{"周建国", "zhoujg", 1, access.Custodian, ""},
	{"钱文", "qianwen", 0, access.Head, "云执 0102"},
	{"吴静", "wujing", 1, access.Head, "云执 0103"},
	{"郑海峰", "zhenghf", -1, access.Leader, ""},
	{"冯岚", "fenglan", -1, access.LegalReviewer, ""},
	{"陈曦", "chenxi", -1, access.Supervisor, ""},
}

// camera is a device of the demo and who has it in hand.
type camera struct {
	label, card, code, serial, maker, model string
	department, holder                      int
}

var cameras = []camera{
	{"Z-01", "Z-01", "DSJ0A1", "YX2026000101", "云溪装备", "DSJ-A9", 0, 0},
	{"Z-02", "Z-02", "", "YX2026000102", "GoPro", "HERO", 1, 1},
	{"Z-03", "Z-03", "", "YX2026000103", "Canon", "XF", 1, 2},
	{"Z-04", "Z-04", "", "YX2026000104", "Sony", "AX", 0, 0},
}

// demoDevice tells a folder that holds a demo from any other.
const marker = "demo.txt"

// Run makes the demo, or finds it made, and serves it until ctx ends.
func Run(ctx context.Context, c Config) error {
	if c.Dir == "" {
		dir, err := os.MkdirTemp("", "zhilu-demo-")
		if err != nil {
			return err
		}
		c.Dir = dir
	}
	place := config.Place{Data: filepath.Join(c.Dir, "data"), Keys: filepath.Join(c.Dir, "keys")}
	_, err := os.Stat(filepath.Join(c.Dir, marker))
	fresh := err != nil
	cards := filepath.Join(c.Dir, "cards")
	token := ""
	if fresh {
		c.Say(c.Words.T("demo.making", bureau, c.Dir))
		if token, err = setUp(ctx, c, place); err != nil {
			return err
		}
		c.Say(c.Words.T("demo.filming"))
		if err := film(ctx, cards, c.Clock.Now()); err != nil {
			return err
		}
	}
	return serve(ctx, c, place, func(ctx context.Context, h *app.House, url string) error {
		if fresh {
			if err := dockAll(ctx, c, url, token, cards); err != nil {
				return err
			}
			no, err := cases(ctx, h)
			if err != nil {
				return err
			}
			if err := ask(ctx, h); err != nil {
				return err
			}
			if err := give(ctx, h, no); err != nil {
				return err
			}
			if err := scenes(ctx, h); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(c.Dir, marker), []byte(logins(c.Words)), 0o600); err != nil {
				return err
			}
		}
		c.Say("")
		c.Say(c.Words.T("demo.ready", url))
		c.Say(logins(c.Words))
		return nil
	})
}

func serve(ctx context.Context, c Config, place config.Place, then func(context.Context, *app.House, string) error) error {
	s := config.Server{Place: place, Listen: c.Listen, Idle: 2 * time.Hour, Reserve: config.MinReserve}
	h, err := app.Open(ctx, app.OpenConfig{Place: place, Server: &s, Clock: c.Clock, Log: c.Log, Serving: true, Hash: c.Hash})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	made := make(chan error, 1)
	err = h.Serve(ctx, &s, func(url string) {
		go func() {
			err := then(ctx, h, url)
			made <- err
			if err != nil || c.Once {
				cancel()
				return
			}
			if c.Ready != nil {
				c.Ready(url)
			}
		}()
	})
	select {
	case failed := <-made:
		err = errors.Join(failed, err)
	default:
	}
	return errors.Join(err, h.Close())
}

// setUp makes the bureau three days ago, so that the cameras were in hand when the footage was made.
func setUp(ctx context.Context, c Config, place config.Place) (token string, err error) {
	then := clock.NewManual(c.Clock.Now().Add(-72 * time.Hour))
	admins, err := app.Init(ctx, app.InitConfig{Place: place, Bureau: bureau, Clock: then, Log: c.Log, Hash: c.Hash})
	if err != nil {
		return "", err
	}
	h, err := app.Open(ctx, app.OpenConfig{Place: place, Clock: then, Log: c.Log, Hash: c.Hash})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	for _, a := range admins {
		if err := settle(ctx, h, a.Username, a.Password); err != nil {
			return "", err
		}
	}
	if err := populate(ctx, h, then); err != nil {
		return "", err
	}
	_, text, err := h.Accounts.CreateToken(ctx, access.HostActor("demo"), account.TokenRequest{Scope: access.ScopeDock, Name: "一楼采集站"})
	return text, err
}

func populate(ctx context.Context, h *app.House, then *clock.Manual) error {
	host := access.HostActor("demo")
	ids := make([]ident.DepartmentID, len(departments))
	for i, name := range departments {
		id, err := h.Org.EnsureDepartment(ctx, host, name)
		if err != nil {
			return err
		}
		ids[i] = id
	}
	persons := map[int]ident.PersonID{}
	for i, p := range people {
		u := app.NewUser{Name: p.name, Number: fmt.Sprintf("YX%03d", i+1), Username: p.username, Roles: []access.Role{p.role}}
		if p.department >= 0 {
			u.Department = ids[p.department]
		}
		if p.certificate != "" {
			from := then.Now().AddDate(-4, -10, 0)
			u.Certificate = &org.CertificateEdit{Number: p.certificate, Kind: org.Enforcement, ValidFrom: from, ValidTo: from.AddDate(5, 0, 0)}
		}
		l, err := h.AddUser(ctx, host, u)
		if err != nil {
			return err
		}
		if err := settle(ctx, h, l.Username, l.Password); err != nil {
			return err
		}
		a, err := h.Accounts.AccountNamed(ctx, l.Username)
		if err != nil {
			return err
		}
		persons[i] = a.Person
	}
	for _, k := range cameras {
		id, err := h.Devices.Register(ctx, host, device.Spec{
			Label: k.label, Kind: device.BodyCamera, Maker: k.maker, Model: k.model, Serial: k.serial, CardLabel: k.card, NameCode: k.code,
			Department: ids[k.department],
		})
		if err != nil {
			return err
		}
		if err := h.Devices.CheckClock(ctx, host, id, then.Now(), time.Second); err != nil {
			return err
		}
		if _, err := h.Devices.Issue(ctx, host, id, device.IssueInput{Person: persons[k.holder], Purpose: "现场执法"}); err != nil {
			return err
		}
	}
	set := regulation.Defaults()
	set.IssuedOn = "2026-03-01"
	_, err := h.Regulation.Adopt(ctx, host, set)
	return err
}

// settle gives an account the demo's password in place of the one-time one.
func settle(ctx context.Context, h *app.House, username, oneTime string) error {
	in, err := h.Accounts.SignIn(ctx, account.SignInRequest{Username: username, Password: oneTime, IP: "127.0.0.1", Agent: "zhilu demo"})
	if err != nil {
		return err
	}
	actor, session, err := h.Accounts.Authenticate(ctx, in.Token)
	if err != nil {
		return err
	}
	if err := h.Accounts.ChangePassword(ctx, actor, session, oneTime, Password); err != nil {
		return err
	}
	if actor, session, err = h.Accounts.Authenticate(ctx, in.Token); err != nil {
		return err
	}
	return h.Accounts.SignOut(ctx, actor, session)
}

// dockAll docks every card through the agent, as a station does.
func dockAll(ctx context.Context, c Config, url, token, cards string) error {
	entries, err := os.ReadDir(cards)
	if err != nil {
		return err
	}
	for _, e := range entries {
		a, err := dock.New(dock.Config{
			Card: filepath.Join(cards, e.Name()), Server: url, Token: token, StateDir: filepath.Join(c.Dir, "dock"),
			Station: "一楼采集站", Clock: c.Clock, Log: c.Log,
		})
		if err != nil {
			return err
		}
		rep, err := a.Dock(ctx)
		if err != nil {
			return err
		}
		n := map[dock.Status]int{}
		for _, r := range rep.Results {
			n[r.Status]++
		}
		c.Say(c.Words.T("demo.docked", e.Name(), n[dock.Sealed], n[dock.Duplicate], n[dock.Left], n[dock.Failed]))
	}
	return nil
}

// logins are the accounts, as they are printed.
func logins(w locale.Printer) string {
	var b strings.Builder
	fmt.Fprintln(&b, w.T("demo.password", Password))
	for _, p := range people {
		fmt.Fprintf(&b, "  %-10s %s  %s\n", p.username, w.T("role."+string(p.role)), p.name)
	}
	for _, a := range []struct {
		username string
		role     access.Role
	}{{"sysadmin", access.SystemAdmin}, {"secadmin", access.SecurityAdmin}, {"audadmin", access.AuditAdmin}} {
		fmt.Fprintf(&b, "  %-10s %s\n", a.username, w.T("role."+string(a.role)))
	}
	return b.String()
}
