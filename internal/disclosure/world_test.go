package disclosure_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/custody/keyring"
	"zhilu.dev/zhilu/internal/disclosure"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/gate/gatetest"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/marking"
	"zhilu.dev/zhilu/internal/verify"
	"zhilu.dev/zhilu/internal/viewing"
)

// house is a bureau with two recordings, a log that is signed, and requests to give out.
type house struct {
	*gatetest.World
	t     *testing.T
	ctx   context.Context
	svc   *disclosure.Service
	looks *viewing.Service
	marks *marking.Service
	seq   *custody.Sequencer
	keys  *keyring.Keyring

	head, keeper, officer, second, leader, leader2, admin access.Actor
	recs                                                  []ident.RecordingID
	bytes                                                 map[string][]byte // in the vault
	copies                                                []disclosure.Copy
	reading                                               func() // at every opening of something large
}

func person(id, name string, d ident.DepartmentID, roles ...access.Role) access.Actor {
	return access.Actor{
		Kind: access.Person, ID: string(ident.New[ident.AccountID]()), Person: ident.PersonID(id), Name: name, Roles: roles, Department: d, Departments: []ident.DepartmentID{d},
	}
}

func (h *house) Object(_ context.Context, id ident.RecordingID) (viewing.Object, error) {
	for _, r := range h.recs {
		if r == id {
			return viewing.Object{ID: id, Department: "d1", Officer: "o", Name: "a.mp4", Duration: 10 * time.Minute}, nil
		}
	}
	return viewing.Object{}, fault.New(fault.NotFound, "recording.unknown")
}

func (h *house) HeadOf(context.Context, ident.DepartmentID) (ident.PersonID, error) { return "h", nil }

func (h *house) Leaders(context.Context) ([]ident.PersonID, error) {
	return []ident.PersonID{"l", "l2"}, nil
}

func (h *house) Want(*gate.Tx, ident.RecordingID) error { return nil }

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func want(t *testing.T, err error, code string) {
	t.Helper()
	if !fault.HasCode(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

type closer struct{ io.Reader }

func (closer) Close() error { return nil }

func newHouse(t *testing.T, w *gatetest.World) *house {
	t.Helper()
	h := &house{World: w, t: t, ctx: context.Background(), bytes: map[string][]byte{}}
	h.head, h.keeper, h.officer = person("h", "王科长", "d1", access.Head), person("k", "李保管", "d1", access.Custodian), person("o", "阿依古丽·买买提", "d1", access.Officer)
	h.second, h.leader, h.leader2, h.admin = person("p", "赵法制", "d9", access.LegalReviewer), person("l", "陈局长", "d0", access.Leader), person("l2", "周局长", "d0", access.Leader), person("x", "三员甲", "d0", access.SystemAdmin)
	files := map[ident.RecordingID]disclosure.File{}
	for range 2 {
		id, body := ident.New[ident.RecordingID](), make([]byte, 300_000)
		_, _ = rand.Read(body)
		at := clock.Micros(w.Clock.Now())
		_, err := w.DB.Writer.NewRaw(`INSERT INTO recording (id, kind, state, name, files, size, card_id, stored_at, sort_at, verdict)
			VALUES (?, 'video', 'verified', 'a.mp4', 1, 1, '', ?, ?, 'in_time')`, id, at, at).Exec(h.ctx)
		h.must(err)
		h.recs = append(h.recs, id)
		h.bytes[sum(body)] = body
		files[id] = disclosure.File{ID: ident.New[ident.FileID](), Name: "FILE0001.MP4", SHA256: sum(body), Size: int64(len(body))}
	}
	var err error
	h.keys, err = keyring.Generate(durable.OS(), t.TempDir(), "log.example.gov.cn/zhilu")
	h.must(err)
	h.seq, err = custody.NewSequencer(h.ctx, custody.Config{DB: w.DB, Keys: h.keys, Clock: w.Clock, Log: slog.New(slog.DiscardHandler), Bureau: "示例局"})
	h.must(err)
	t.Cleanup(func() { _ = h.seq.Close() })
	h.looks, err = viewing.New(viewing.Config{
		DB: w.DB, Gate: w.Gate, Recordings: h, Offices: h, Copies: h, Clock: w.Clock, Log: w.Log, DepartmentName: func(context.Context, ident.DepartmentID) string { return "" },
	})
	h.must(err)
	h.marks, err = marking.New(marking.Config{DB: w.DB, Gate: w.Gate, Object: func(_ context.Context, id ident.RecordingID) (marking.Object, error) {
		return marking.Object{ID: id, Department: "d1", Officer: "o", Name: "a.mp4"}, nil
	}})
	h.must(err)
	h.svc, err = disclosure.New(disclosure.Config{
		DB: w.DB, Gate: w.Gate, Clock: w.Clock, Origin: h.keys.Origin(), Bureau: "示例局",
		Object: func(_ context.Context, id ident.RecordingID) (disclosure.Object, error) {
			return disclosure.Object{ID: id, Department: "d1", Name: "现场检查"}, nil
		},
		Files: func(_ context.Context, id ident.RecordingID) ([]disclosure.File, error) {
			return []disclosure.File{files[id]}, nil
		},
		Open: func(_ context.Context, d string) (io.ReadCloser, error) {
			if h.reading != nil {
				h.reading()
			}
			return closer{bytes.NewReader(h.bytes[d])}, nil
		},
		Receipt: func(context.Context, ident.FileID) ([]byte, error) {
			return nil, fault.New(fault.NotFound, "receipt.unknown")
		},
		Copies: func(_ context.Context, rec ident.RecordingID) (out []disclosure.Copy, _ error) {
			for _, c := range h.copies {
				if c.Recording == rec {
					out = append(out, c)
				}
			}
			return out, nil
		},
		OpenCopy: func(context.Context, string) (*disclosure.Taken, error) {
			film := bytes.Repeat([]byte("masked "), 1000)
			return &disclosure.Taken{ReadCloser: closer{bytes.NewReader(append(film, "tail"...))}, Media: int64(len(film)), Statement: []byte("{}\n")}, nil
		},
	})
	h.must(err)
	return h
}

// granted is a request of the legal reviewer's to give out every recording, which both leaders agreed to where two must.
func (h *house) granted(m viewing.Manner, words string, items ...viewing.Item) *viewing.Request {
	h.t.Helper()
	if len(items) == 0 {
		for _, r := range h.recs {
			items = append(items, viewing.Item{Recording: r})
		}
	}
	to := viewing.Recipient{Body: "县人民法院", Person: "张法官", Contact: "0991-0000000", Basis: "调取函〔2026〕9 号"}
	if m == viewing.MannerPublish {
		to = viewing.Recipient{Basis: "政府信息公开条例 第二十条"}
	}
	q, err := h.looks.Ask(h.ctx, h.second, viewing.Ask{Items: items, Manner: m, To: to, Purpose: viewing.PurposeReply, Words: "行政诉讼举证", Until: h.Clock.Now().Add(24 * time.Hour)})
	h.must(err)
	h.must(h.looks.Decide(h.ctx, h.leader, q.ID, viewing.Decision{Consent: true, Words: words}))
	if q.Quorum == 2 {
		h.must(h.looks.Decide(h.ctx, h.leader2, q.ID, viewing.Decision{Consent: true, Words: words}))
	}
	return q
}

// sequence gives every entry its place.
func (h *house) sequence() {
	h.t.Helper()
	_, err := h.seq.Sequence(h.ctx)
	h.must(err)
}

// packed orders a package of every recording and has it packed.
func (h *house) packed(q *viewing.Request, key string, items ...disclosure.Item) *disclosure.Disclosure {
	h.t.Helper()
	switch key {
	case "":
		key = courtKey
	case usePass:
		key = ""
	}
	if len(items) == 0 {
		for _, r := range h.recs {
			items = append(items, disclosure.Item{Recording: r})
		}
	}
	d, err := h.svc.Make(h.ctx, h.second, disclosure.Order{Request: q.No, Items: items, Recipient: key})
	h.must(err)
	h.sequence() // a log without an entry has no head
	h.must(h.svc.Pack(h.ctx, d.ID))
	h.sequence()
	return h.get(d.ID)
}

func (h *house) get(id ident.DisclosureID) *disclosure.Disclosure {
	h.t.Helper()
	d, err := h.svc.Get(h.ctx, h.second, id)
	h.must(err)
	return d
}

// hand hands a package over in a session and gives what was sent.
func (h *house) hand(d *disclosure.Disclosure, pass string) ([]byte, error) {
	h.t.Helper()
	g, err := h.svc.Hand(h.ctx, h.second, d.ID, "s1", d.Ticket("s1"), pass)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	size := int64(0)
	err = g.Send(h.ctx, &out, func(n int64) { size = n })
	if err == nil && size != int64(out.Len()) {
		h.t.Fatalf("%d bytes were sent, %d were told ahead", out.Len(), size)
	}
	return out.Bytes(), err
}

func (h *house) verify(zipped []byte) *verify.Report {
	h.t.Helper()
	trust, err := custody.ReadTrust(h.ctx, h.DB.Reader, h.keys.Origin(), "示例局")
	h.must(err)
	raw, err := trust.Render()
	h.must(err)
	parsed, err := verify.ParseTrust(raw)
	h.must(err)
	r, err := verify.CaseZip(h.ctx, bytes.NewReader(zipped), int64(len(zipped)), verify.Options{Clock: h.Clock, Trust: parsed})
	h.must(err)
	return r
}

// parts counts the small files that wait.
func (h *house) parts() int {
	h.t.Helper()
	n, err := h.DB.Reader.NewSelect().Table("disclosure_part").Count(h.ctx)
	h.must(err)
	return int(n)
}

// courtKey is some recipient's; usePass asks for a passphrase instead, which costs a second by design.
const (
	courtKey = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	usePass  = "passphrase"
)

// traces counts the values of the whole database that hold a text.
func (h *house) traces(text string) int {
	h.t.Helper()
	var tables []string
	h.must(h.DB.Reader.NewRaw("SELECT name FROM sqlite_master WHERE type = 'table'").Scan(h.ctx, &tables))
	found := 0
	for _, table := range tables {
		rows, err := h.DB.Reader.QueryContext(h.ctx, "SELECT * FROM \""+table+"\"")
		h.must(err)
		names, err := rows.Columns()
		h.must(err)
		for rows.Next() {
			values, to := make([]any, len(names)), make([]any, len(names))
			for i := range values {
				to[i] = &values[i]
			}
			h.must(rows.Scan(to...))
			for _, v := range values {
				if strings.Contains(fmt.Sprintf("%s", v), text) {
					found++
				}
			}
		}
		h.must(errors.Join(rows.Err(), rows.Close()))
	}
	return found
}
