package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"image"
	"image/draw"
	_ "image/jpeg" // pictures that are searched
	_ "image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/media/derive"
	"zhilu.dev/zhilu/internal/slate"
	"zhilu.dev/zhilu/internal/slate/find"
	"zhilu.dev/zhilu/internal/slate/qr"
	"zhilu.dev/zhilu/internal/verify"
)

type slateCmd struct {
	Make slateMakeCmd `cmd:"" help:"Draw a slate, as a phone would show it."`
	Find slateFindCmd `cmd:"" help:"Look for slates in pictures and films, and say what each is worth."`
}

var slateKinds = map[string]slate.Kind{"arrival": slate.Arrival, "again": slate.Again, "departure": slate.Departure}

func kindName(k slate.Kind) string {
	for name, kind := range slateKinds {
		if kind == k {
			return name
		}
	}
	return ""
}

type slateMakeCmd struct {
	Keys     string        `help:"The bureau's folder of keys; its receipt key signs." type:"existingdir" placeholder:"DIR"`
	Key      string        `help:"A private Ed25519 key (PKCS#8 PEM) to sign instead." type:"existingfile" placeholder:"FILE"`
	Activity string        `help:"The activity's id." required:"" placeholder:"UUID"`
	Kind     string        `help:"What it marks: arrival, again (after an interruption) or departure." enum:"arrival,again,departure" default:"arrival"`
	Shown    time.Time     `help:"When it is shown, by the phone's clock (RFC 3339); now if missing." placeholder:"TIME"`
	Error    time.Duration `help:"How far the phone's clock may be off." default:"500ms"`
	Out      string        `help:"The picture: FILE.png or FILE.svg." required:"" placeholder:"FILE"`
	Scale    int           `help:"Points a module of a PNG." default:"8"`
	JSON     bool          `help:"For machines."`
}

// Run makes a certificate for a phone that is thrown away, and one slate of it.
func (c slateMakeCmd) Run(e *env) error {
	id, err := uuid.Parse(c.Activity)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "id.malformed").At("activity")
	}
	bureau, err := c.signer()
	if err != nil {
		return err
	}
	public, phone, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("slate: %w", err)
	}
	shown := c.Shown
	if shown.IsZero() {
		shown = e.clock.Now()
	}
	shown = shown.UTC().Truncate(time.Millisecond)
	cert, err := slate.Certify(bureau, slate.Certificate{
		Activity: id, Phone: public, From: shown.Add(-time.Hour).Truncate(time.Second), To: shown.Add(24 * time.Hour).Truncate(time.Second), Error: c.Error.Truncate(time.Millisecond),
	})
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "slate.make").At("shown")
	}
	s := slate.Slate{Certificate: cert, Kind: slateKinds[c.Kind], Shown: shown}
	if _, err := rand.Read(s.Nonce[:]); err != nil {
		return fmt.Errorf("slate: %w", err)
	}
	text, err := slate.Issue(phone, s)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "slate.make").At("shown")
	}
	code, err := qr.Encode(text)
	if err != nil {
		return fmt.Errorf("slate: %w", err)
	}
	var b bytes.Buffer
	switch ext := strings.ToLower(filepath.Ext(c.Out)); ext {
	case ".svg":
		b.WriteString(code.SVG())
	case ".png":
		err = code.PNG(&b, c.Scale)
	default:
		return fault.New(fault.Invalid, "slate.out").At("out")
	}
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "slate.out").At("scale")
	}
	if err := durable.WriteFile(durable.OS(), c.Out, b.Bytes(), 0o644); err != nil {
		return fault.Wrap(err, fault.Forbidden, "slate.out").At("out")
	}
	if c.JSON {
		return printJSON(e.out, map[string]any{"text": text, "activity": id.String(), "kind": c.Kind, "shown": shown.Format(time.RFC3339Nano), "file": c.Out})
	}
	_, err = fmt.Fprintln(e.out, e.words.T("cli.slate.made", c.Out))
	return err
}

// signer reads the key that certifies phones.
func (c slateMakeCmd) signer() (ed25519.PrivateKey, error) {
	name := c.Key
	if name == "" && c.Keys != "" {
		name = filepath.Join(c.Keys, "receipt.key")
	}
	if name == "" {
		return nil, fault.New(fault.Invalid, "slate.no_key").At("keys")
	}
	raw, err := os.ReadFile(name) //nolint:gosec // the operator names the key
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "slate.no_key").At("keys")
	}
	if block, _ := pem.Decode(raw); block != nil {
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if k, ok := key.(ed25519.PrivateKey); ok {
				return k, nil
			}
		}
	}
	return nil, fault.New(fault.Invalid, "slate.no_key").At("keys")
}

type slateFindCmd struct {
	Files    []string  `arg:"" help:"Pictures (PNG, JPEG) and films." type:"existingfile"`
	Trust    string    `help:"The bureau's trust.json; without it every slate is foreign." type:"existingfile" placeholder:"FILE"`
	Activity string    `help:"The activity that the footage is said to show." placeholder:"UUID"`
	From     time.Time `help:"When it began (RFC 3339)." placeholder:"TIME"`
	To       time.Time `help:"When it ended (RFC 3339)." placeholder:"TIME"`
	Started  time.Time `help:"When the film began, by the camera's clock (RFC 3339): gives the clock's offset." placeholder:"TIME"`
	First    bool      `help:"Stop at the first slate that counts."`
	JSON     bool      `help:"For machines (docs/formats/slate-v1.md)."`
}

// slateHit is one slate as it is told.
type slateHit struct {
	File     string        `json:"file"`
	Verdict  slate.Verdict `json:"verdict"`
	Activity string        `json:"activity,omitempty"`
	Kind     string        `json:"kind,omitempty"`
	Shown    string        `json:"shown,omitempty"`
	FirstS   float64       `json:"first_s"`
	LastS    float64       `json:"last_s"`
	Offset   *offsetS      `json:"offset_s,omitempty"`
}

type offsetS struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// Run exits with 3 where a slate is not worth what it says.
func (c slateFindCmd) Run(e *env) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	all, bad := []slateHit{}, false
	for _, name := range c.Files {
		hits, err := c.look(e, name, o)
		if err != nil {
			return err
		}
		for _, h := range hits {
			if c.Activity == "" && h.Verdict == slate.Replayed {
				h.Verdict = slate.Genuine // nobody said of which activity it ought to be
			}
			bad = bad || h.Verdict != slate.Genuine
			all = append(all, c.told(name, h))
		}
	}
	if c.JSON {
		err = printJSON(e.out, map[string]any{"slates": all})
	} else {
		err = c.print(e, all)
	}
	if err == nil && bad {
		return status(exitWrong)
	}
	return err
}

func (c slateFindCmd) options() (find.Options, error) {
	var o find.Options
	if c.Activity != "" {
		id, err := uuid.Parse(c.Activity)
		if err != nil {
			return o, fault.Wrap(err, fault.Invalid, "id.malformed").At("activity")
		}
		o.Want = slate.Expected{Activity: id, From: c.From, To: c.To}
		if c.To.IsZero() {
			o.Want.To = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
		}
	}
	if c.First {
		o.Enough = func(found []find.Hit) bool {
			for _, h := range found {
				if h.Verdict == slate.Genuine || c.Activity == "" && h.Verdict == slate.Replayed {
					return true
				}
			}
			return false
		}
	}
	if c.Trust == "" {
		return o, nil
	}
	raw, err := os.ReadFile(c.Trust)
	if err != nil {
		return o, fault.Wrap(err, fault.NotFound, "verify.unreadable", c.Trust)
	}
	if _, err := verify.ParseTrust(raw); err != nil {
		return o, err
	}
	var f struct {
		Keys []struct {
			Kind      string `json:"kind"`
			PublicKey []byte `json:"public_key"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return o, fault.Wrap(err, fault.Invalid, "verify.trust", "json").At("trust")
	}
	for _, k := range f.Keys {
		if k.Kind == "receipt" { // it certifies phones as well (ADR 29)
			o.Keys = append(o.Keys, k.PublicKey)
		}
	}
	return o, nil
}

// look searches one file: as a picture where it is one, else as a film.
func (c slateFindCmd) look(e *env, name string, o find.Options) (hits []find.Hit, err error) {
	f, err := os.Open(name) //nolint:gosec // the operator names the file to look into
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "verify.unreadable", name)
	}
	defer func() { _ = f.Close() }() // only read
	if conf, _, err := image.DecodeConfig(f); err == nil {
		if conf.Width > qr.MaxPixels/max(1, conf.Height) {
			return nil, fault.New(fault.TooLarge, "slate.picture", name)
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, fault.Wrap(err, fault.NotFound, "verify.unreadable", name)
		}
		img, _, err := image.Decode(f)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "verify.unreadable", name)
		}
		gray := image.NewGray(img.Bounds())
		draw.Draw(gray, gray.Rect, img, gray.Rect.Min, draw.Src)
		return find.InPicture(gray, o), nil
	}
	p, err := media.New(e.ctx, media.Config{Logger: e.log, Clock: e.clock, AllowRlimit: true})
	if err != nil {
		return nil, err
	}
	facts, err := p.ProbeFile(e.ctx, name)
	if err != nil {
		return nil, err
	}
	m, err := derive.New(e.ctx, derive.Config{Logger: e.log, AllowRlimit: true})
	if err != nil {
		return nil, err
	}
	hits, err = find.InFilm(e.ctx, m, derive.Source{ReaderAt: f, Size: facts.Size, Facts: facts}, o)
	if fault.Is(err, fault.Invalid) {
		err = fault.Wrap(err, fault.Invalid, "slate.film", name)
	}
	return hits, err
}

func (c slateFindCmd) told(name string, h find.Hit) slateHit {
	out := slateHit{File: name, Verdict: h.Verdict, FirstS: h.First.Seconds(), LastS: h.Last.Seconds()}
	if h.Verdict == slate.Foreign || h.Verdict == slate.Forged {
		return out // nothing in it can be known
	}
	out.Activity, out.Kind, out.Shown = uuid.UUID(h.Slate.Certificate.Activity).String(), kindName(h.Slate.Kind), h.Slate.Shown.UTC().Format(time.RFC3339Nano)
	if !c.Started.IsZero() && h.Verdict == slate.Genuine {
		// The picture that shows it first was filmed when it was shown, or later by as long as it stayed.
		if off, ok := slate.OffsetOf(h.Slate, c.Started.Add(h.First), h.Last-h.First+slateShown, time.Millisecond); ok {
			out.Offset = &offsetS{off.Min.Seconds(), off.Max.Seconds()}
		}
	}
	return out
}

// slateShown is how long a phone shows one slate before it signs the next.
const slateShown = 2 * time.Second

func (c slateFindCmd) print(e *env, all []slateHit) error {
	w := e.words
	if len(all) == 0 {
		_, err := fmt.Fprintln(e.out, w.T("cli.slate.none"))
		return err
	}
	for _, h := range all {
		line := w.T("cli.slate.hit", h.File, fmt.Sprintf("%.3f", h.FirstS), w.T("cli.slate.verdict."+string(h.Verdict)))
		if h.Kind != "" {
			line += w.T("cli.slate.of", w.T("cli.slate.kind."+h.Kind), h.Activity, h.Shown)
		}
		if h.Offset != nil {
			line += w.T("cli.slate.offset", fmt.Sprintf("%.3f", h.Offset.Min), fmt.Sprintf("%.3f", h.Offset.Max))
		}
		if _, err := fmt.Fprintln(e.out, line); err != nil {
			return err
		}
	}
	return nil
}
