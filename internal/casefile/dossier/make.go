package dossier

import (
	"context"
	_ "embed" // the README
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/gate"
	"zhilu.dev/zhilu/internal/ident"
)

// Order says what package is wanted. Out is the folder that it becomes: it must not exist, or be empty.
type Order struct {
	Case     *Case
	Request  int64 // number of the granted request to look at the case
	Out      string
	Via      string                // "host" where the host's command makes it; the entries say so
	Progress func(done, total int) // papers printed; nil for nobody who watches
	More     More                  // what goes along where the case leaves whole; nil for its papers alone
}

// Result is a package that was made.
type Result struct {
	Package   string        `json:"package"`
	Case      string        `json:"case"`
	Folder    string        `json:"folder"`
	Entry     ident.EntryID `json:"entry"`
	SHA256    string        `json:"manifest_sha256"`
	Documents int           `json:"documents"`
	Pages     int           `json:"pages"`
	Files     int           `json:"files"`
	Bytes     int64         `json:"bytes"`
	Apart     []Piece       `json:"-"` // what is listed and not in the folder
}

// placeWithin is how long a package waits for the log to give its entries their place.
const placeWithin = time.Minute

// Make puts a package together on the ground of a consented request (第二十三条): an entry that it is begun before anything is printed, an
// entry with the manifest's digest before it has its name. When it returns nil, the package is whole and durable under Out. After
// any error nothing has that name; doing it again goes on where it broke off. Without consent it is refused, which is an entry.
// Faults: Conflict "dossier.exists", "dossier.busy", "dossier.digest" (a paper whose content is not what was digested),
// "dossier.entry" (a paper whose entry is not there); Unavailable "dossier.waiting" where nobody signs the log.
func (s *Service) Make(ctx context.Context, actor access.Actor, o Order) (Result, error) {
	consent, subject, err := s.Ask(ctx, actor, o.Case, o.Request)
	if err != nil {
		return Result{}, err
	}
	m := &making{s: s, actor: actor, o: o, subject: subject, consent: consent, id: ident.New[ident.EntryID]()}
	if m.w, err = begin(s.c.FS, o.Out); err != nil {
		return Result{}, err
	}
	r, err := m.run(ctx)
	if gone(err) && !fault.HasCode(err, "dossier.exists") || err != nil && o.More != nil && !m.counts {
		err = errors.Join(err, m.w.discard())
	}
	return r, errors.Join(err, m.w.end())
}

// Ask gives the consent on which somebody may take a case away, and the case as policies see it then. Without one it is refused, which is an entry.
func (s *Service) Ask(ctx context.Context, actor access.Actor, c *Case, no int64) (Consent, access.Subject, error) {
	subject := access.Subject{Kind: "case", ID: c.ID, Department: c.Department}
	consent, err := s.c.Consent(ctx, s.c.DB.Reader, actor.Person, no, c.ID)
	switch {
	case err == nil:
		subject.Ground = "consent"
	case !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict):
		return Consent{}, subject, err
	}
	return consent, subject, s.c.Gate.Check(ctx, actor, access.CaseExport, subject)
}

// making is a package under way.
type making struct {
	s       *Service
	actor   access.Actor
	o       Order
	subject access.Subject
	consent Consent
	id      ident.EntryID // of the package
	w       *work
	index   Index
	head    []byte // the manifest
	counts  bool   // its entry is committed: it is finished, not made anew
}

func (m *making) run(ctx context.Context) (Result, error) {
	shows, err := m.shows()
	if err != nil {
		return Result{}, err
	}
	if e, ok := m.w.entry(); ok && e.Shows == shows && m.whole(e) {
		m.counts = true
		return m.close(ctx, e)
	}
	about := []custody.Subject{{Kind: "viewing", ID: string(m.consent.ID)}}
	err = m.s.c.Gate.Do(ctx, m.actor, access.CaseExport, m.subject, func(tx *gate.Tx) error {
		_, err := tx.Record(gate.Entry{Outcome: custody.Intent, Related: about, Detail: custody.Detail("package", string(m.id), "request", string(m.consent.ID), "via", orNil(m.o.Via), "documents", len(m.o.Case.Papers))})
		return err
	})
	if err != nil {
		return Result{}, err
	}
	for _, step := range []func(context.Context) error{m.papers, m.footage, m.more, m.log, m.cover} {
		if err := step(ctx); err != nil {
			return Result{}, err
		}
	}
	if err := m.manifest(); err != nil {
		return Result{}, err
	}
	e := entered{Package: string(m.id), Shows: shows, SHA256: digest(m.head)}
	err = m.s.c.Gate.Do(ctx, m.actor, access.CaseExport, m.subject, func(tx *gate.Tx) error {
		// The consent may have been taken back while papers were printed.
		if _, err := m.s.c.Consent(tx.Context(), tx.DB(), m.actor.Person, m.o.Request, m.o.Case.ID); err != nil {
			return err
		}
		if m.o.More != nil {
			if err := m.o.More.Holds(tx.Context(), tx.DB(), tx.Now()); err != nil {
				return err
			}
		}
		id, err := tx.Record(gate.Entry{Related: about, Detail: custody.Detail("package", e.Package, "request", string(m.consent.ID), "via", orNil(m.o.Via), "manifest_sha256", e.SHA256,
			"documents", len(m.o.Case.Papers), "pages", m.index.Pages, "files", len(m.w.files))})
		e.Entry = string(id)
		return err
	})
	if err != nil {
		return Result{}, err
	}
	m.counts = true
	if err := m.w.commit(e); err != nil {
		return Result{}, err
	}
	return m.close(ctx, e)
}

// whole reports whether everything that an earlier try entered still lies there as it was entered.
func (m *making) whole(e entered) bool {
	head, err := m.w.read(m.w.path("manifest.json"))
	var x manifest
	if err != nil || digest(head) != e.SHA256 || json.Unmarshal(head, &x) != nil {
		return false
	}
	for _, f := range x.Files {
		sum, err := m.w.sumOf(f.Name)
		if err != nil || sum != f.SHA256 {
			return false
		}
		if f.Name == "index.json" {
			if raw, err := m.w.read(m.w.path(f.Name)); err != nil || json.Unmarshal(raw, &m.index) != nil {
				return false
			}
		}
		m.w.files[f.Name] = f
	}
	return true
}

// shows is the digest of what the package is made of: where it is the same, a package that was entered already is finished.
func (m *making) shows() (string, error) {
	raw, err := line(struct {
		Case    *Case
		Request ident.ViewingID
		By      string
		More    string `json:",omitempty"`
	}{m.o.Case, m.consent.ID, m.actor.ID, m.moreShows()})
	return digest(raw), err
}

func (m *making) moreShows() string {
	if m.o.More == nil {
		return ""
	}
	return m.o.More.Shows()
}

// more writes what goes along. Before anything large is copied, and after, it is asked whether the consent still holds.
func (m *making) more(ctx context.Context) error {
	if m.o.More == nil {
		return nil
	}
	return m.o.More.Put(ctx, writer{m.w}, m.index)
}

// papers prints what is not printed yet and writes each paper's data.
func (m *making) papers(ctx context.Context) error {
	c := m.o.Case
	pages := make([]int, len(c.Papers))
	for i := range c.Papers {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("dossier: %w", err)
		}
		p := &c.Papers[i]
		if digest([]byte(p.Content)) != p.Digest {
			return fault.New(fault.Conflict, "dossier.digest", p.Title)
		}
		var err error
		if pages[i], err = m.print(ctx, i+1, p); err != nil {
			return err
		}
		data, err := p.Render(i+1, pages[i])
		if err != nil {
			return err
		}
		if err := m.w.put(DocumentName(i+1, p.Type)+".json", data); err != nil {
			return err
		}
		if m.o.Progress != nil {
			m.o.Progress(i+1, len(c.Papers))
		}
	}
	m.index = IndexOf(c.Papers, pages)
	return nil
}

// print gives how many pages the nth paper has.
func (m *making) print(ctx context.Context, n int, p *Paper) (int, error) {
	shown, err := p.Render(n, 0)
	if err != nil {
		return 0, err
	}
	name, key := DocumentName(n, p.Type)+".pdf", digest(shown)
	if pages, ok := m.w.kept(name, key); ok {
		return pages, nil
	}
	pdf, err := m.s.c.Print(ctx, m.o.Case, p)
	if err != nil {
		return 0, err
	}
	if err := m.w.put(name, pdf.Bytes); err != nil {
		return 0, err
	}
	return pdf.Pages, m.w.note(printed{name, key, m.w.files[name].SHA256, pdf.Pages})
}

// footage writes the receipts of what was filmed. A file that has none yet is listed without.
func (m *making) footage(ctx context.Context) error {
	out := recordings{Format: "zhilu-case-recordings/v1", Files: make([]recording, 0, len(m.o.Case.Recordings))}
	for i, f := range m.o.Case.Recordings {
		r := recording{string(f.Recording), string(f.File), f.Name, f.Size, f.SHA256, f.State, ""}
		slip, err := m.s.c.Receipt(ctx, m.actor, f.File)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err == nil {
			r.Receipt = fmt.Sprintf("recordings/%03d-receipt.json", i+1)
			if err := m.w.put(r.Receipt, slip); err != nil {
				return err
			}
		}
		out.Files = append(out.Files, r)
	}
	data, err := custody.RenderJSON(out)
	if err != nil {
		return err
	}
	return m.w.put("recordings/recordings.json", data)
}

//go:embed readme.txt
var readme string

// cover writes the index and what explains the package.
func (m *making) cover(ctx context.Context) error {
	data, err := custody.RenderJSON(m.index)
	if err != nil {
		return err
	}
	if err := m.w.put("index.json", data); err != nil {
		return err
	}
	if data, err = m.o.Case.render(); err != nil {
		return err
	}
	if err := m.w.put("case.json", data); err != nil {
		return err
	}
	pdf, err := m.s.c.Cover(ctx, m.o.Case, m.index)
	if err != nil {
		return err
	}
	if err := m.w.put("index.pdf", pdf.Bytes); err != nil {
		return err
	}
	text := strings.NewReplacer("{案号}", m.o.Case.No, "{案名}", m.o.Case.Title, "{单位}", m.s.c.Bureau, "{文书}", strconv.Itoa(len(m.o.Case.Papers)),
		"{页}", strconv.Itoa(m.index.Pages), "{申请}", strconv.FormatInt(m.consent.No, 10), "\n", "\r\n").Replace(readme)
	return m.w.put("README.txt", []byte("\ufeff"+text)) // for any Windows
}

func (m *making) manifest() (err error) {
	c := m.o.Case
	if err := m.w.sweep(); err != nil {
		return err
	}
	x := manifest{
		Format: "zhilu-case-package/v1", ID: string(m.id), Origin: m.s.c.Origin, Bureau: m.s.c.Bureau,
		Case:   manifestCase{c.ID, c.No, c.Title, c.Act, c.Procedure, c.State, when(c.OpenedAt)},
		MadeAt: when(m.s.c.Clock.Now()), MadeBy: maker{m.actor.ID, string(m.actor.Person), m.actor.Name},
		Request: request{string(m.consent.ID), m.consent.No}, Files: m.w.list(),
	}
	if m.head, err = custody.RenderJSON(x); err != nil {
		return err
	}
	if len(m.w.files) > maxFiles {
		return fault.New(fault.TooLarge, "dossier.too_many", maxFiles)
	}
	return m.w.put("manifest.json", m.head)
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// maxFiles is what a reader of packages takes.
const maxFiles = 20_000

// close adds the proof of the package's own entry and gives the package its name.
func (m *making) close(ctx context.Context, e entered) (Result, error) {
	rec, err := m.s.placed(ctx, ident.EntryID(e.Entry))
	if err != nil {
		return Result{}, err
	}
	proof, err := custody.ProveEntry(ctx, m.s.c.DB.Reader, rec)
	if err != nil {
		return Result{}, err
	}
	if err := m.w.put("export.json", proof); err != nil {
		return Result{}, err
	}
	if err := m.w.finish(); err != nil {
		return Result{}, err
	}
	r := Result{Package: e.Package, Case: m.o.Case.No, Folder: m.o.Out, Entry: ident.EntryID(e.Entry), SHA256: e.SHA256, Documents: len(m.o.Case.Papers), Pages: m.index.Pages, Files: len(m.w.files), Apart: m.w.apart}
	for _, f := range m.w.files {
		r.Bytes += f.Size
	}
	return r, nil
}
