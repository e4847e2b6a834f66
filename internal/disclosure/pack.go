package disclosure

import (
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed" // the README
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/casefile/dossier"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/viewing"
)

// part is a small file of a package.
type part struct {
	name string
	body []byte
}

// packing is a package under way.
type packing struct {
	s     *Service
	d     *Disclosure
	r     *viewing.Request
	parts []part
	m     manifest
}

// Pack puts a package together. It writes nothing before it is whole: killed half-way, it is done anew. Where the grant is gone, or a
// mark was put meanwhile, the package is stopped, and that is an entry.
func (s *Service) Pack(ctx context.Context, id ident.DisclosureID) error {
	d, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil || d.State != Making {
		return err
	}
	p := &packing{s: s, d: d}
	err = p.gather(ctx)
	if err == nil {
		err = s.c.Gate.Do(ctx, actor, access.DisclosurePack, d.subject(""), p.enter)
	}
	s.note(id, 1, 1)
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge) {
		return s.stop(ctx, id, err)
	}
	return err
}

// gather reads and prints everything.
func (p *packing) gather(ctx context.Context) (err error) {
	d, s := p.d, p.s
	if p.r, err = s.holds(ctx, s.c.DB.Reader, s.c.Clock.Now(), d); err != nil {
		return err
	}
	copies, err := s.copies(ctx, d)
	if err != nil {
		return err
	}
	if err := s.fit(ctx, s.c.DB.Reader, d, p.r, copies); err != nil {
		return err
	}
	p.m = manifest{
		Format: format, ID: string(d.ID), No: d.Number(), Origin: s.c.Origin, Bureau: s.c.Bureau, MadeAt: When(s.c.Clock.Now()),
		MadeBy: maker{d.ByAccount, string(d.By), d.ByName}, Manner: string(d.Manner),
		Request:   request{string(d.Request), d.RequestNo, p.r.DecidedName, When(p.r.DecidedAt), p.r.DecidedWords},
		Recipient: recipient{d.To.Body, d.To.Person, d.To.Basis}, Purpose: purposes[d.Purpose], Words: d.Words, Items: []itemShown{},
	}
	for n, i := range d.Items {
		if err := p.item(ctx, n+1, i, copies[i.Copy]); err != nil {
			return err
		}
	}
	if err := p.papers(ctx); err != nil {
		return err
	}
	if err := p.trust(ctx); err != nil {
		return err
	}
	p.add("README.txt", []byte("\ufeff"+strings.ReplaceAll(p.readme(), "\n", "\r\n")))
	return p.close()
}

func (p *packing) add(name string, body []byte) {
	p.parts = append(p.parts, part{name, body})
	p.m.Files = append(p.m.Files, listed{name, int64(len(body)), digest(body)})
}

// item takes one recording in: its files with their receipts, or the masked copy with its statement.
func (p *packing) item(ctx context.Context, n int, i Item, c Copy) error {
	o, err := p.s.c.Object(ctx, i.Recording)
	if err != nil {
		return err
	}
	shown := itemShown{N: n, Recording: string(i.Recording), Title: o.Name, Files: []fileShown{}}
	at := fmt.Sprintf("items/%03d-", n)
	if !i.Original() {
		shown.Kind, shown.FromMS, shown.ToMS = "clip", c.From.Milliseconds(), c.To.Milliseconds()
		if c.Masked {
			shown.Kind = "masked"
		}
		name := at + "copy" + Ending(c.Name)
		shown.Statement = at + "statement.json"
		size, sum, err := p.copy(ctx, name, at, &shown, c)
		if err != nil {
			return err
		}
		shown.Files = append(shown.Files, fileShown{Name: name, Called: c.Name, Size: size, SHA256: sum})
		p.m.Items = append(p.m.Items, shown)
		return nil
	}
	shown.Kind = "original"
	files, err := p.s.c.Files(ctx, i.Recording)
	if err != nil {
		return err
	}
	for k, f := range files {
		x := fileShown{Name: at + strconv.Itoa(k+1) + "-original" + Ending(f.Name), File: string(f.ID), Called: f.Name, Size: f.Size, SHA256: f.SHA256}
		slip, err := p.s.c.Receipt(ctx, f.ID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err == nil {
			x.Receipt = at + strconv.Itoa(k+1) + "-receipt.json"
			p.add(x.Receipt, slip)
		}
		p.m.Files = append(p.m.Files, listed{x.Name, f.Size, f.SHA256})
		shown.Files = append(shown.Files, x)
	}
	p.m.Items = append(p.m.Items, shown)
	return nil
}

// tailOf is the name under which the end of a copy is kept: what it says of itself as of the day it was packed. It is no file of the package.
func tailOf(name string) string { return "tail:" + name }

// copy reads a masked copy to its end, and keeps what stands behind its picture.
func (p *packing) copy(ctx context.Context, name, at string, shown *itemShown, c Copy) (size int64, sum string, err error) {
	t, err := p.s.c.OpenCopy(ctx, c.ID)
	if err != nil {
		return 0, "", err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	h := sha256.New()
	if _, err := io.CopyN(h, t, t.Media); err != nil {
		return 0, "", fail(err)
	}
	tail, err := io.ReadAll(io.LimitReader(t, maxTail))
	if err != nil {
		return 0, "", fail(err)
	}
	_, _ = h.Write(tail) // never fails
	size, sum = t.Media+int64(len(tail)), hex.EncodeToString(h.Sum(nil))
	p.parts = append(p.parts, part{tailOf(name), tail})
	p.m.Files = append(p.m.Files, listed{name, size, sum})
	p.add(shown.Statement, t.Statement)
	if t.Written != nil {
		shown.Written = at + "transcript" + Ending(t.WrittenName)
		p.add(shown.Written, t.Written)
	}
	return size, sum, nil
}

// maxTail bounds what a copy says of itself.
const maxTail = 8 << 20

// Ending is the ending of a camera's name, where it is a plain one.
func Ending(name string) string {
	e := strings.ToLower(path.Ext(name))
	if len(e) < 2 || len(e) > 6 || strings.Trim(e[1:], "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return ".bin"
	}
	return e
}

// papers prints the papers that were chosen, and takes what the log says of each.
func (p *packing) papers(ctx context.Context) error {
	if p.d.Case == "" || p.s.c.Case == nil {
		return nil
	}
	c, err := p.s.c.Case(ctx, p.d.Case)
	if err != nil {
		return err
	}
	p.m.Case = caseOf{c.ID, c.No, c.Title}
	var entries []ident.EntryID
	for n, id := range p.d.Papers {
		x, ok := c.Paper(string(id))
		if !ok {
			return fault.New(fault.Invalid, "disclosure.papers").At("papers")
		}
		p.s.note(p.d.ID, int64(n), int64(len(p.d.Papers)))
		pdf, err := p.s.c.Print(ctx, c, x)
		if err != nil {
			return err
		}
		data, err := x.Render(n+1, pdf.Pages)
		if err != nil {
			return err
		}
		name := dossier.DocumentName(n+1, x.Type)
		p.add(name+".pdf", pdf.Bytes)
		p.add(name+".json", data)
		entries = append(entries, x.Entries()...)
	}
	lines, head, err := dossier.Lines(ctx, p.s.c.DB.Reader, entries)
	if err != nil {
		return err
	}
	p.add("log/entries.jsonl", lines)
	p.add("log/checkpoint", head)
	return nil
}

// trust takes the keys of the log as the house states them.
func (p *packing) trust(ctx context.Context) error {
	t, err := custody.ReadTrust(ctx, p.s.c.DB.Reader, p.s.c.Origin, p.s.c.Bureau)
	if err != nil {
		return err
	}
	raw, err := t.Render()
	if err == nil {
		p.add("log/trust.json", raw)
	}
	return err
}

//go:embed readme.txt
var readmeText string

func (p *packing) readme() string {
	var items strings.Builder
	for _, i := range p.m.Items {
		kind := map[string]string{"original": "原件", "clip": "节选副本", "masked": "脱敏副本"}[i.Kind]
		for _, f := range i.Files {
			fmt.Fprintf(&items, "  %s\n      %s  %s  %d 字节\n      SHA-256 %s\n", f.Name, kind, i.Title, f.Size, f.SHA256)
			if i.Kind != "original" {
				fmt.Fprintf(&items, "      原件的 %s 至 %s；遮盖、静音和理由见 %s\n", span(i.FromMS), until(i.ToMS), i.Statement)
			}
		}
	}
	manner := "对外提供"
	if p.d.Manner == viewing.MannerPublish {
		manner = "公开发布"
	}
	return strings.NewReplacer("{编号}", p.d.Number(), "{单位}", p.s.c.Bureau, "{方式}", manner, "{接收单位}", cmp.Or(p.d.To.Body, "（公开发布）"), "{接收人}", cmp.Or(p.d.To.Person, "—"),
		"{依据}", cmp.Or(p.d.To.Basis, "—"), "{用途}", purposes[p.d.Purpose]+"："+p.d.Words, "{申请}", strconv.FormatInt(p.d.RequestNo, 10), "{批准人}", p.r.DecidedName, "{经办人}", p.d.ByName,
		"{文书}", strconv.Itoa(len(p.d.Papers)), "{内容}", items.String()).Replace(readmeText)
}

func span(ms int64) string {
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}

func until(ms int64) string {
	if ms == 0 {
		return "末尾"
	}
	return span(ms)
}

// maxFiles is what a reader of packages takes.
const maxFiles = 20_000

// close lists everything in the manifest.
func (p *packing) close() error {
	if len(p.m.Files) > maxFiles {
		return fault.New(fault.TooLarge, "dossier.too_many", maxFiles)
	}
	slices.SortFunc(p.m.Files, func(a, b listed) int { return cmp.Compare(a.Name, b.Name) })
	raw, err := custody.RenderJSON(p.m)
	if err != nil {
		return err
	}
	p.parts = append(p.parts, part{"manifest.json", raw})
	p.d.Manifest, p.d.Files = digest(raw), len(p.m.Files)
	for _, f := range p.m.Files {
		p.d.Size += f.Size
	}
	return nil
}

// enter makes the package count, if what it rests on still holds.
func (p *packing) enter(tx *gate.Tx) error {
	d, err := locked(tx.Context(), tx.DB(), p.d.ID)
	if err != nil {
		return err
	}
	if d.State != Making {
		return fault.New(fault.Conflict, "disclosure.stopped")
	}
	r, err := p.s.holds(tx.Context(), tx.DB(), tx.Now(), d)
	if err != nil {
		return err
	}
	copies, err := p.s.copies(tx.Context(), d)
	if err != nil {
		return err
	}
	if err := p.s.fit(tx.Context(), tx.DB(), d, r, copies); err != nil {
		return err
	}
	if err := put(tx.Context(), tx.DB(), d.ID, p.parts); err != nil {
		return err
	}
	d.State, d.PackedAt, d.Manifest, d.Files, d.Size, d.Entry = Ready, tx.Now(), p.d.Manifest, p.d.Files, p.d.Size, ident.New[ident.EntryID]()
	if err := update(tx.Context(), tx.DB(), d); err != nil {
		return err
	}
	return recordAs(tx, d, d.Entry, custody.Done, "package", string(d.ID), "manifest_sha256", d.Manifest, "files", d.Files, "size", d.Size)
}

// stop ends a package that may not leave or cannot be made; its small files go. What was given out stays what it is.
func (s *Service) stop(ctx context.Context, id ident.DisclosureID, why error) error {
	d, err := byID(ctx, s.c.DB.Reader, id)
	if err != nil {
		return err
	}
	return s.c.Gate.Do(ctx, actor, access.DisclosureStop, d.subject(""), func(tx *gate.Tx) error {
		d, err := locked(tx.Context(), tx.DB(), id)
		if err != nil {
			return err
		}
		if d.State != Making && d.State != Ready {
			return fault.New(fault.Conflict, "disclosure.stopped")
		}
		d.State, d.Why = Stopped, codeOf(why)
		if !fault.Is(why, fault.Conflict) {
			d.State = Failed
		}
		if err := update(tx.Context(), tx.DB(), d); err != nil {
			return err
		}
		if err := drop(tx.Context(), tx.DB(), id); err != nil {
			return err
		}
		return record(tx, d, custody.Closed, "code", d.Why)
	})
}

// Sweep stops what waits on a grant that ended or on a recording that was marked meanwhile.
func (s *Service) Sweep(ctx context.Context) error {
	ids, err := waiting(ctx, s.c.DB.Reader)
	if err != nil {
		return err
	}
	for _, id := range ids {
		d, err := byID(ctx, s.c.DB.Reader, id)
		if err != nil {
			return err
		}
		why := s.still(ctx, d)
		if why == nil {
			continue
		}
		if !fault.Is(why, fault.Conflict) && !fault.Is(why, fault.NotFound) {
			return why
		}
		if err := s.stop(ctx, id, why); err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return nil
}

// still is nil while a package may leave.
func (s *Service) still(ctx context.Context, d *Disclosure) error {
	r, err := s.holds(ctx, s.c.DB.Reader, s.c.Clock.Now(), d)
	if err != nil {
		return err
	}
	copies, err := s.copies(ctx, d)
	if err != nil {
		return err
	}
	return s.fit(ctx, s.c.DB.Reader, d, r, copies)
}
