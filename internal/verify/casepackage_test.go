package verify_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/verify"
)

// pack is a case package under its names, put together here from docs/formats/case-package-v1.md alone.
type pack map[string][]byte

type object = map[string]any

const caseTime = "2026-11-02T01:30:00.000000Z"

// ordered writes members in the order of the format; json.Marshal of a map would sort them.
func ordered(t testing.TB, indent string, pairs ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteByte('{')
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:", pairs[i])
		b.Write(compact(t, pairs[i+1]))
	}
	b.WriteByte('}')
	var out bytes.Buffer
	if indent == "" {
		b.WriteByte('\n')
		return b.Bytes()
	}
	if err := json.Indent(&out, b.Bytes(), "", indent); err != nil {
		t.Fatal(err)
	}
	out.WriteByte('\n')
	return out.Bytes()
}

func compact(t testing.TB, v any) []byte {
	t.Helper()
	if raw, ok := v.([]byte); ok {
		return bytes.TrimSpace(raw)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

// list joins objects that were written already.
func list(items ...[]byte) []byte {
	for i := range items {
		items[i] = bytes.TrimSpace(items[i])
	}
	return append(append([]byte{'['}, bytes.Join(items, []byte(","))...), ']')
}

func hexOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// caseWorld is a small case in a log that was really written.
type caseWorld struct {
	*world
	caseID  string
	account string
	papers  []string
}

func person(w *caseWorld) custody.Actor {
	return custody.Actor{Kind: custody.Person, ID: w.account, Role: "officer"}
}

// newPack makes a whole package: two papers, one of them signed, and one recording.
func newPack(t testing.TB) (*caseWorld, pack) {
	t.Helper()
	w := &caseWorld{world: newWorld(t), caseID: string(ident.New[ident.EntryID]()), account: string(ident.New[ident.AccountID]())}
	about := custody.Subject{Kind: "case", ID: w.caseID}
	opened := custody.Entry{ID: ident.New[ident.EntryID](), At: start, Actor: person(w), Action: "case.open", Subject: about, Outcome: custody.Done}
	w.append(t, opened)
	p := pack{
		"case.json": ordered(t, "  ", "format", "zhilu-case-file/v1", "parties", list(ordered(t, "", "role", "party", "kind", "organisation", "name", "某厂", "id_number", "", "legal_rep", "",
			"address", "", "phone", "", "from", caseTime, "until", "", "entry", string(opened.ID))), "handlers", list(), "waivers", list(), "events", list()),
		"README.txt": []byte("\ufeff案卷包说明\r\n"), "index.pdf": []byte("%PDF-1.7 index"),
	}
	var rows [][]byte
	page := 0
	for n, title := range []string{"立案审批表", "行政处罚<决定>书"} {
		n++
		paper := string(ident.New[ident.EntryID]())
		w.papers = append(w.papers, paper)
		content := fmt.Sprintf("paper-%d\n"+`{"title":%q,"fine":"%d00.00"}`, n, title, n)
		fixed := custody.Entry{
			ID: ident.New[ident.EntryID](), At: start, Actor: person(w), Action: "paper.fix", Subject: custody.Subject{Kind: "paper", ID: paper},
			Related: []custody.Subject{about}, Outcome: custody.Done, Detail: custody.Detail("version", n, "digest", hexOf([]byte(content)), "paper_row", object{"id": paper, "name": "内部"}),
		}
		signed := custody.Entry{
			ID: ident.New[ident.EntryID](), At: start, Actor: person(w), Action: "paper.sign", Subject: custody.Subject{Kind: "case", ID: w.caseID},
			Related: []custody.Subject{{Kind: "paper", ID: paper}}, Outcome: custody.Done,
		}
		w.append(t, fixed, signed)
		name := fmt.Sprintf("documents/%03d-paper-%d", n, n)
		p[name+".pdf"] = []byte("%PDF-1.7 " + title)
		image := []byte("\x89PNG " + title)
		p[name+".json"] = ordered(t, "  ", "format", "zhilu-case-document/v1", "n", n, "paper", paper, "type", fmt.Sprintf("paper-%d", n), "title", title,
			"no", "示罚〔2026〕1号", "state", "fixed", "version", n, "fixed_at", caseTime, "fixed_by", w.account, "content", content, "digest", hexOf([]byte(content)),
			"entry", string(fixed.ID), "pdf", name+".pdf", "pages", n,
			"signatures", list(ordered(t, "", "role", "party", "mode", "drawn", "name", "张三", "person", "", "reason", "", "witness", "", "at", caseTime,
				"entry", string(signed.ID), "image_sha256", hexOf(image), "image", base64.StdEncoding.EncodeToString(image))),
			"approvals", list(ordered(t, "", "step", "legal", "decision", "agree", "opinion", "同意", "by", "李四", "on_behalf_of", "", "at", caseTime, "entry", string(signed.ID))),
			"deliveries", list(ordered(t, "", "mode", "direct", "at", caseTime, "recipient", "张三", "outcome", "received", "deemed", "", "entry", "")))
		rows = append(rows, ordered(t, "", "n", n, "no", "示罚〔2026〕1号", "title", title, "date", "2026-11-02", "author", "示例局", "from", page+1, "to", page+n, "note", ""))
		page += n
	}
	p["index.json"] = ordered(t, "  ", "format", "zhilu-case-index/v1", "pages", page, "rows", list(rows...))
	slip := w.receipt(t)
	w.sequence(t)
	p["recordings/001-receipt.json"] = w.refresh(t, slip)
	var st verify.Statement
	_, body, _ := strings.Cut(slip.Statement, "\n")
	if err := json.Unmarshal([]byte(body), &st); err != nil {
		t.Fatal(err)
	}
	p["recordings/recordings.json"] = ordered(t, "  ", "format", "zhilu-case-recordings/v1", "files", list(ordered(t, "", "recording", st.RecordingID, "file", st.FileID,
		"name", st.Name, "size", st.Size, "sha256", st.SHA256, "state", st.State, "receipt", "recordings/001-receipt.json")))
	w.lines(t, p, about)
	w.seal(t, p)
	return w, p
}

// lines writes the log's part of the package.
func (w *caseWorld) lines(t testing.TB, p pack, about custody.Subject) {
	t.Helper()
	recs, err := custody.List(context.Background(), w.d.Reader, custody.Filter{Subject: about})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(recs)
	var b bytes.Buffer
	for _, rec := range recs {
		all, err := rec.OpenAll()
		if err != nil {
			t.Fatal(err)
		}
		all = slices.DeleteFunc(all, func(o custody.Opening) bool { return strings.HasSuffix(o.Name, "_row") })
		shown, err := rec.Disclose(all)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := custody.ProveInclusion(context.Background(), w.d.Reader, rec.Index)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(ordered(t, "", "index", rec.Index, "leaf", shown.Leaf, "detail", shown.Detail, "opened", shown.Opened, "hashes", proof.Hashes))
		p["log/checkpoint"] = []byte(proof.Checkpoint)
	}
	p["log/entries.jsonl"], p["log/trust.json"] = b.Bytes(), w.trustFile(t)
}

// manifest lists what is in the package now.
func (w *caseWorld) manifest(t testing.TB, p pack, id, request string) []byte {
	t.Helper()
	var files [][]byte
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if name != "manifest.json" && name != "export.json" {
			files = append(files, ordered(t, "", "name", name, "size", len(p[name]), "sha256", hexOf(p[name])))
		}
	}
	return ordered(t, "  ", "format", "zhilu-case-package/v1", "id", id, "origin", origin, "bureau", "示例县应急管理局",
		"case", ordered(t, "", "id", w.caseID, "no", "示案〔2026〕1号", "title", "某厂未报告案", "act", "penalty", "procedure", "ordinary", "state", "open", "opened_at", caseTime),
		"made_at", caseTime, "made_by", ordered(t, "", "account", w.account, "person", string(ident.New[ident.PersonID]()), "name", "王五"),
		"request", ordered(t, "", "id", request, "no", 7), "files", list(files...))
}

// seal writes manifest and entry as the house does.
func (w *caseWorld) seal(t testing.TB, p pack) {
	t.Helper()
	id, request := string(ident.New[ident.EntryID]()), string(ident.New[ident.ViewingID]())
	p["manifest.json"] = w.manifest(t, p, id, request)
	w.enter(t, p, custody.Entry{Action: "case.export", Subject: custody.Subject{Kind: "case", ID: w.caseID}, Detail: custody.Detail("package", id, "request", request, "manifest_sha256", hexOf(p["manifest.json"]))})
}

// enter writes an entry about the package and puts its proof there.
func (w *caseWorld) enter(t testing.TB, p pack, e custody.Entry) {
	t.Helper()
	e.ID, e.At, e.Outcome = ident.New[ident.EntryID](), start, custody.Done
	if e.Actor.ID == "" {
		e.Actor = person(w)
	}
	w.append(t, e)
	w.sequence(t)
	p["export.json"] = w.proof(t, e.ID)
}

func (p pack) zip(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(p)) {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(p[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (p pack) folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range p {
		writeFile(t, filepath.Join(dir, filepath.FromSlash(name)), data)
	}
	return dir
}

func (w *world) options(trust *verify.Trust) verify.Options {
	return verify.Options{Clock: w.clock, Trust: trust}
}

// both checks a package as a folder and as a zip, which must be judged alike.
func (w *world) both(t testing.TB, p pack, trust *verify.Trust) *verify.Report {
	t.Helper()
	dir := p.folder(t)
	a, err := verify.Target(context.Background(), dir, w.options(trust))
	if err != nil {
		t.Fatal(err)
	}
	zipped := filepath.Join(t.TempDir(), "case.zip")
	writeFile(t, zipped, p.zip(t))
	b, err := verify.Target(context.Background(), zipped, w.options(trust))
	if err != nil {
		t.Fatal(err)
	}
	if x, y := string(compact(t, a)), string(compact(t, b)); x != y {
		t.Fatalf("folder: %s\nzip: %s", x, y)
	}
	return a
}

// T14, G7: a package verifies with nothing but the trust file, and says apart what it cannot know.
func TestCasePackage(t *testing.T) {
	t.Parallel()
	w, p := newPack(t)
	r := w.both(t, p, w.trust(t))
	expect(t, r, verify.Yes, verify.Yes, verify.Yes, 0)
	if c := r.Case; r.Kind != "case" || c.No != "示案〔2026〕1号" || c.Documents != 2 || c.Recordings != 1 || c.Entries != 5 || c.Files != 13 || c.EnteredAt != caseTime {
		t.Errorf("%+v", c)
	}
	expect(t, w.both(t, p, nil), verify.Yes, verify.Unknown, verify.Yes, 5)
	other := newWorld(t)
	if r := w.both(t, p, other.trust(t)); r.ExitCode() != 3 || r.RecordIntact.Answer != verify.Yes || r.SignerTrusted.Answer != verify.No {
		t.Errorf("another house's trust: %+v", r)
	}
}

func replaced(t testing.TB, data []byte, old, now string) []byte {
	t.Helper()
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("no %q in it: %.80s", old, data)
	}
	return bytes.Replace(data, []byte(old), []byte(now), 1)
}

// One thing of each kind is changed, and it is named. // issue 5 point 8
func TestChangedCasePackages(t *testing.T) {
	t.Parallel()
	w, good := newPack(t)
	trust := w.trust(t)
	change := func(name, old, now string) func(testing.TB, pack) {
		return func(t testing.TB, p pack) { p[name] = replaced(t, p[name], old, now) }
	}
	// rewritten changes a file and puts a manifest of it in the place of the old one: a forger who has no log.
	rewritten := func(name, old, now string) func(testing.TB, pack) {
		return func(t testing.TB, p pack) {
			p[name] = replaced(t, p[name], old, now)
			p["manifest.json"] = w.manifest(t, p, string(ident.New[ident.EntryID]()), string(ident.New[ident.ViewingID]()))
		}
	}
	// entered does the same and has it entered: a house that lies about its own papers.
	entered := func(name, old, now string) func(testing.TB, pack) {
		return func(t testing.TB, p pack) {
			p[name] = replaced(t, p[name], old, now)
			w.seal(t, p)
		}
	}
	const doc, pdf, list, log, slip = "documents/002-paper-2.json", "documents/002-paper-2.pdf", "recordings/recordings.json", "log/entries.jsonl", "recordings/001-receipt.json"
	for name, c := range map[string]struct {
		change func(testing.TB, pack)
		named  string // code and file
	}{
		"a printed paper":          {change(pdf, "%PDF", "%PDE"), "file.changed " + pdf},
		"a printed paper, longer":  {func(_ testing.TB, p pack) { p[pdf] = append(p[pdf], 0) }, "file.changed " + pdf},
		"a paper's data":           {change(doc, "200.00", "900.00"), "file.changed " + doc},
		"a signature":              {change(doc, "张三", "张四"), "file.changed " + doc},
		"the README":               {change("README.txt", "说明", "说辞"), "file.changed README.txt"},
		"a party":                  {change("case.json", "某厂", "某店"), "file.changed case.json"},
		"entered: a party's entry": {entered("case.json", `"entry": "`, `"entry": "0`), "case.entry case.json: "},
		"the index":                {change("index.json", "立案", "销案"), "file.changed index.json"},
		"the list of recordings":   {change(list, "stored", "storee"), "file.changed " + list},
		"a receipt":                {change(slip, "示例县", "示列县"), "file.changed " + slip},
		"an entry":                 {change(log, "case.open", "case.opem"), "file.changed " + log},
		"the checkpoint":           {change("log/checkpoint", "log.example", "log.exemple"), "file.changed log/checkpoint"},
		"the trust file":           {change("log/trust.json", "示例县", "示列县"), "file.changed log/trust.json"},
		"the manifest's words":     {change("manifest.json", "某厂", "某店"), "file.changed manifest.json"},
		"the manifest's form":      {change("manifest.json", "  ", "   "), "manifest.form manifest.json"},
		"no manifest":              {func(_ testing.TB, p pack) { delete(p, "manifest.json") }, "file.missing manifest.json"},
		"the export's proof":       {change("export.json", "case.export", "case.expart"), "opening.wrong export.json: action"},
		"no export's proof":        {func(_ testing.TB, p pack) { delete(p, "export.json") }, "file.missing export.json"},
		"another entry's proof": {func(t testing.TB, p pack) {
			w.enter(t, p, custody.Entry{Action: "case.view", Subject: custody.Subject{Kind: "case", ID: w.caseID}})
		}, "export.mismatch action"},
		"a printed paper is missing":   {func(_ testing.TB, p pack) { delete(p, pdf) }, "file.missing " + pdf},
		"a paper's data is missing":    {func(_ testing.TB, p pack) { delete(p, doc) }, "file.missing " + doc},
		"the log is missing":           {func(_ testing.TB, p pack) { delete(p, log) }, "file.missing " + log},
		"a paper is added":             {func(_ testing.TB, p pack) { p["documents/003-paper-3.pdf"] = []byte("%PDF") }, "file.added documents/003-paper-3.pdf"},
		"anything is added":            {func(_ testing.TB, p pack) { p["notes.txt"] = nil }, "file.added notes.txt"},
		"a program is added":           {func(_ testing.TB, p pack) { p["AUTORUN.INF"] = []byte("[autorun]") }, "file.added AUTORUN.INF"},
		"a name for Windows":           {func(_ testing.TB, p pack) { p["documents/con.json"] = nil }, "file.name documents/con.json"},
		"a name with a space":          {func(_ testing.TB, p pack) { p["documents/a b"] = nil }, "file.name documents/a b"},
		"rewritten: a value":           {rewritten(doc, "200.00", "900.00"), "document.digest " + doc},
		"rewritten: a printed paper":   {rewritten(pdf, "%PDF", "%PDE"), "file.changed manifest.json"},
		"entered: a value":             {entered(doc, "200.00", "900.00"), "document.digest " + doc},
		"entered: a version":           {entered(doc, `"version": 2`, `"version": 3`), "document.entry " + doc},
		"entered: another paper":       {func(t testing.TB, p pack) { entered(doc, w.papers[1], w.papers[0])(t, p) }, "document.entry " + doc},
		"entered: another type's text": {entered(doc, `paper-2\n{`, `paper-3\n{`), "document.form " + doc},
		"entered: a signature's image": {entered(doc, `"image": "iVBO`, `"image": "iVBP`), "signature.image " + doc},
		"entered: a title":             {entered("index.json", "立案", "销案"), "index.mismatch index.json: 1"},
		"entered: pages":               {entered("index.json", `"to": 3`, `"to": 4`), "index.mismatch index.json: 2"},
		"entered: a recording":         {entered(list, `"size": 24`, `"size": 25`), "receipt.other " + slip},
		"entered: an entry":            {entered(log, "case.open", "case.opem"), "opening.wrong log/entries.jsonl:1: action"},
		"entered: a place in the log":  {entered(log, `{"index":3`, `{"index":9`), "proof.wrong log/entries.jsonl:2"},
		"entered: an opening less":     {entered(log, `{"name":"action"`, `{"name":"actioN"`), "opening.wrong log/entries.jsonl:1: actioN"},
		"entered: a line less": {func(t testing.TB, p pack) {
			_, p[log], _ = bytes.Cut(p[log], []byte("\n"))
			_, p[log], _ = bytes.Cut(p[log], []byte("\n"))
			w.seal(t, p)
		}, "document.no_entry documents/001-paper-1.json"},
		"entered: no end of a line": {func(t testing.TB, p pack) { p[log] = bytes.TrimSpace(p[log]); w.seal(t, p) }, "entry.form log/entries.jsonl:5"},
		"entered: another log's head": {func(t testing.TB, p pack) {
			_, q := newPack(t)
			p["log/checkpoint"] = q["log/checkpoint"]
			w.seal(t, p)
		}, "checkpoint.signature log/checkpoint"},
		"entered: no such document":     {func(t testing.TB, p pack) { p["documents/x.txt"] = []byte("x"); w.seal(t, p) }, "document.unknown documents/x.txt"},
		"entered: no such receipt":      {func(t testing.TB, p pack) { p["recordings/002-receipt.json"] = p[slip]; w.seal(t, p) }, "document.unknown recordings/002-receipt.json"},
		"entered: without its README":   {func(t testing.TB, p pack) { delete(p, "README.txt"); w.seal(t, p) }, "file.missing README.txt"},
		"entered: without a paper":      {func(t testing.TB, p pack) { delete(p, doc); delete(p, pdf); w.seal(t, p) }, "index.mismatch index.json"},
		"entered: a printed paper gone": {func(t testing.TB, p pack) { delete(p, pdf); w.seal(t, p) }, "file.missing " + pdf},
		"another's name on it": {func(t testing.TB, p pack) {
			var m struct {
				ID      string
				Request struct{ ID string }
			}
			if err := json.Unmarshal(p["manifest.json"], &m); err != nil {
				t.Fatal(err)
			}
			w.enter(t, p, custody.Entry{
				Action: "case.export", Actor: custody.Actor{Kind: custody.Person, ID: "someone"}, Subject: custody.Subject{Kind: "case", ID: w.caseID},
				Detail: custody.Detail("package", m.ID, "request", m.Request.ID, "manifest_sha256", hexOf(p["manifest.json"])),
			})
		}, "export.mismatch actor.id"},
	} {
		t.Run(name, func(t *testing.T) {
			p := maps.Clone(good)
			for k, v := range p {
				p[k] = slices.Clone(v)
			}
			c.change(t, p)
			r := w.both(t, p, trust)
			var all []string
			for _, f := range []verify.Finding{r.RecordIntact, r.InLog} {
				for _, x := range f.Reasons {
					all = append(all, strings.TrimSpace(x.Code+" "+x.What))
				}
			}
			if r.ExitCode() != 3 || !slices.ContainsFunc(all, func(s string) bool {
				return s == c.named || strings.HasSuffix(c.named, " ") && strings.HasPrefix(s, c.named)
			}) {
				t.Errorf("exit %d, named %q, want %q", r.ExitCode(), all, c.named)
			}
		})
	}
}

// T17: what a folder and a zip can hold beside files, and more than anybody should read.
func TestHostileParcels(t *testing.T) {
	t.Parallel()
	w, good := newPack(t)
	trust := w.trust(t)
	named := func(r *verify.Report, want string) bool {
		return r.ExitCode() == 3 && slices.ContainsFunc(r.RecordIntact.Reasons, func(x verify.Reason) bool { return x.Code+" "+x.What == want })
	}
	dir := good.folder(t)
	secret := filepath.Join(t.TempDir(), "secret")
	writeFile(t, secret, good["documents/001-paper-1.pdf"])
	if err := os.Symlink(secret, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if r, err := verify.Target(t.Context(), dir, w.options(trust)); err != nil || !named(r, "file.kind link") {
		t.Errorf("a link: %+v, %v", r, err)
	}
	if err := errorsOf(os.Remove(filepath.Join(dir, "link")), os.Remove(filepath.Join(dir, "documents", "001-paper-1.pdf")),
		os.Symlink(secret, filepath.Join(dir, "documents", "001-paper-1.pdf"))); err != nil {
		t.Fatal(err)
	}
	if r, err := verify.Target(t.Context(), dir, w.options(trust)); err != nil || !named(r, "file.missing documents/001-paper-1.pdf") {
		t.Errorf("a link to the same bytes: %+v, %v", r, err)
	}
	for name, c := range map[string]struct {
		add  func(z *zip.Writer) error
		want string
	}{
		"beside itself":  {add("../evil", nil), "file.name ../evil"},
		"absolute":       {add("/etc/passwd", nil), "file.name /etc/passwd"},
		"backslashes":    {add(`..\evil`, nil), `file.name ..\evil`},
		"a drive":        {add("C:/evil", nil), "file.name C:/evil"},
		"twice":          {add("README.txt", good["README.txt"]), "file.twice README.txt"},
		"in other case":  {add("readme.TXT", good["README.txt"]), "file.twice readme.TXT"},
		"a folder":       {add("documents/", nil), ""},
		"a hidden place": {add("a/../b", nil), "file.name a/../b"},
		"a bomb":         {func(z *zip.Writer) error { return bomb(z, "documents/009-bomb.pdf", 64<<20) }, "file.added documents/009-bomb.pdf"},
		"a link": {func(z *zip.Writer) error {
			h := &zip.FileHeader{Name: "link"}
			h.SetMode(os.ModeSymlink | 0o777)
			f, err := z.CreateHeader(h)
			if err == nil {
				_, err = f.Write([]byte("/etc/passwd"))
			}
			return err
		}, "file.kind link"},
	} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, n := range slices.Sorted(maps.Keys(good)) {
			if err := add(n, good[n])(z); err != nil {
				t.Fatal(err)
			}
		}
		if err := errorsOf(c.add(z), z.Close()); err != nil {
			t.Fatal(err)
		}
		r, err := verify.CaseZip(t.Context(), bytes.NewReader(b.Bytes()), int64(b.Len()), w.options(trust))
		if err != nil {
			t.Fatal(err)
		}
		if c.want == "" && r.ExitCode() != 0 || c.want != "" && !named(r, c.want) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	many := pack{}
	for i := range 20_010 {
		many[fmt.Sprintf("documents/%05d", i)] = nil
	}
	big := many.zip(t)
	if _, err := verify.CaseZip(t.Context(), bytes.NewReader(big), int64(len(big)), w.options(trust)); !fault.HasCode(err, "verify.too_many") {
		t.Errorf("too many members: %v", err)
	}
	// A paper whose listed size is true and whose bytes are a bomb of another size is not read to its end.
	short := maps.Clone(good)
	short["documents/001-paper-1.pdf"] = make([]byte, 32<<20)
	if r := w.both(t, short, trust); !named(r, "file.changed documents/001-paper-1.pdf") {
		t.Errorf("%+v", r)
	}
	cut := good.zip(t)
	if r, err := verify.CaseZip(t.Context(), bytes.NewReader(cut[:len(cut)-30]), int64(len(cut)-30), w.options(trust)); err != nil || r.ExitCode() != 3 {
		t.Errorf("a zip that breaks off: %+v, %v", r, err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := verify.CaseFolder(stopped, good.folder(t), w.options(trust)); err == nil {
		t.Error("a check that was stopped gives a result")
	}
}

func add(name string, data []byte) func(*zip.Writer) error {
	return func(z *zip.Writer) error {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write(data)
		}
		return err
	}
}

func bomb(z *zip.Writer, name string, n int64) error {
	f, err := z.Create(name)
	if err == nil {
		_, err = io.CopyN(f, zeros{}, n)
	}
	return err
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

const exampleCase = examples + "/case.zip"

// The worked example of docs/formats/case-package-v1.md, made once by this test with ZHILU_UPDATE_EXAMPLE_CASE=1, with its
// trust file beside it. It must verify for ever.
func TestExampleCase(t *testing.T) {
	const trustFile = examples + "/case-trust.json"
	if os.Getenv("ZHILU_UPDATE_EXAMPLE_CASE") == "1" {
		w, p := newPack(t)
		writeFile(t, exampleCase, p.zip(t))
		writeFile(t, trustFile, w.trustFile(t))
	}
	trust, err := verify.ReadTrust(trustFile)
	if err != nil {
		t.Fatal(err)
	}
	r, err := verify.Target(t.Context(), exampleCase, newWorld(t).options(trust))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, r, verify.Yes, verify.Yes, verify.Yes, 0)
}

// T14, T30: the program printed in docs/formats/case-package-v1.md, written from that text alone, agrees with us.
func TestCaseProgramInTheDocument(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal("python3 is missing")
		}
		t.Skip("needs python3")
	}
	doc, err := os.ReadFile("../../docs/formats/case-package-v1.md")
	if err != nil {
		t.Fatal(err)
	}
	_, program, ok := strings.Cut(string(doc), "```python\n")
	program, _, ok2 := strings.Cut(program, "```")
	if !ok || !ok2 {
		t.Fatal("the document holds no program")
	}
	script := filepath.Join(t.TempDir(), "verify-case.py")
	writeFile(t, script, []byte(program))
	run := func(target, trust string) (string, error) {
		out, err := exec.CommandContext(t.Context(), python, script, target, trust).CombinedOutput()
		return string(out), err
	}
	if out, err := run(exampleCase, examples+"/case-trust.json"); err != nil {
		t.Fatalf("the example: %v\n%s", err, out)
	}
	w, good := newPack(t)
	trust := filepath.Join(t.TempDir(), "trust.json")
	writeFile(t, trust, w.trustFile(t))
	if out, err := run(good.folder(t), trust); err != nil {
		t.Fatalf("a package of today: %v\n%s", err, out)
	}
	const doc2, log = "documents/002-paper-2.json", "log/entries.jsonl"
	for name, c := range map[string]struct {
		change func(p pack)
		named  string
	}{
		"changed":           {func(p pack) { p["index.pdf"] = []byte("x") }, "index.pdf: changed"},
		"missing":           {func(p pack) { delete(p, doc2) }, doc2 + ": missing"},
		"the manifest":      {func(p pack) { p["manifest.json"] = replaced(t, p["manifest.json"], "某厂", "某店") }, "manifest.json was changed"},
		"entered: a value":  {func(p pack) { p[doc2] = replaced(t, p[doc2], "200.00", "900.00"); w.seal(t, p) }, doc2 + ": digest"},
		"entered: an entry": {func(p pack) { p[log] = replaced(t, p[log], "case.open", "case.opem"); w.seal(t, p) }, log + ":1: opening action"},
	} {
		p := maps.Clone(good)
		c.change(p)
		if out, err := run(p.folder(t), trust); err == nil || !strings.Contains(out, c.named) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// FuzzCaseZip: whatever is handed over as a case, the check ends, and only what the house made passes. // T17
func FuzzCaseZip(f *testing.F) {
	good, err := os.ReadFile(exampleCase)
	if err != nil {
		f.Fatal(err)
	}
	trust, err := verify.ReadTrust(examples + "/case-trust.json")
	if err != nil {
		f.Fatal(err)
	}
	contents := func(raw []byte) map[string]string {
		z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			return nil
		}
		out := map[string]string{}
		for _, m := range z.File {
			if r, err := m.Open(); err == nil {
				data, _ := io.ReadAll(io.LimitReader(r, 1<<20))
				_ = r.Close()
				if !strings.HasSuffix(m.Name, "/") {
					out[m.Name] = string(data)
				}
			}
		}
		return out
	}
	want := contents(good)
	stored := pack{}
	for name, data := range want {
		stored[name] = []byte(data)
	}
	f.Add(stored.store(f))
	f.Add(good)
	f.Add(pack{"manifest.json": stored["manifest.json"], "log/entries.jsonl": stored["log/entries.jsonl"]}.store(f))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := verify.CaseZip(t.Context(), bytes.NewReader(data), int64(len(data)), verify.Options{Clock: clock.NewManual(start), Trust: trust})
		if err != nil {
			if !fault.Is(err, fault.TooLarge) {
				t.Fatal(err)
			}
			return
		}
		if r.ExitCode() == 0 && !maps.Equal(contents(data), want) {
			t.Fatal("another case verifies")
		}
	})
}

// store zips without compression, so that a fuzzer reaches what is inside.
func (p pack) store(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(p)) {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(p[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
