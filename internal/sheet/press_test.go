package sheet_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/sheet"
)

func tool(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatalf("%s is missing and ZHILU_REQUIRE_TOOLS=1", name)
		}
		t.Skipf("%s is not installed", name)
	}
}

// newPress gives a press of this repository's own helper.
func newPress(t testing.TB, l sheet.Limits) *sheet.Press {
	t.Helper()
	p := sheet.New(sheet.Config{Log: slog.New(slog.DiscardHandler), Modules: "helper", Limits: l})
	if err := p.Ready(); err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func paper(blocks ...sheet.Block) sheet.Paper {
	return sheet.Paper{
		Lang: "zh", Bureau: "和田市市场监督管理局", Title: "封存证明", Number: "E-1", NumberLine: "编号 E-1", Foot: "和田", MissingLine: "没有字形的字：",
		Sections: []sheet.Section{{Heading: "一、记录", Blocks: blocks}}, At: time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC),
	}
}

func set(t testing.TB, p *sheet.Press, d sheet.Paper) sheet.PDF {
	t.Helper()
	pdf, err := p.Set(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if keep := os.Getenv("ZHILU_KEEP_SHEETS"); keep != "" {
		_ = os.WriteFile(filepath.Join(keep, strings.ReplaceAll(t.Name(), "/", "-")+".pdf"), pdf.Bytes, 0o600)
	}
	return pdf
}

func ask(t testing.TB, pdf sheet.PDF, name string, args ...string) string {
	t.Helper()
	tool(t, name)
	file := filepath.Join(t.TempDir(), "x.pdf")
	if err := os.WriteFile(file, pdf.Bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range args {
		if args[i] == "FILE" {
			args[i] = file
		}
	}
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// text is what can be copied out of the file, without its line ends, so that where a line breaks does not matter.
func text(t testing.TB, pdf sheet.PDF) string {
	t.Helper()
	return strings.NewReplacer("\n", "", "\f", "").Replace(ask(t, pdf, "pdftotext", "-raw", "FILE", "-"))
}

const digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// TestPaper: every part of a paper is there, as text, in fonts that the file carries, with its structure tagged.
func TestPaper(t *testing.T) {
	t.Parallel()
	p := newPress(t, sheet.Limits{})
	d := paper(
		sheet.Text("一段话"), sheet.Strong("要紧的话"), sheet.Note("小字"), sheet.Name("文件甲"),
		sheet.Facts(sheet.Fact{Label: "名称", Text: "录像", Source: "卡上"}, sheet.Fact{Label: "SHA-256", Text: digest, Digest: true}, sheet.Fact{Label: "路径", Text: "/DCIM/1.MP4", Mono: true}),
		sheet.Grid(sheet.Table{Widths: []float64{30, 0}, Head: []string{"时间", "经过"}, Rows: [][]string{{"04:00", "封存"}}}),
		sheet.Steps(sheet.Step{Text: "核对", Command: "zhilu verify x"}),
	)
	d.Sign = []string{"盖章处"}
	pdf := set(t, p, d)
	if pdf.Pages != 1 || len(pdf.Missing) != 0 || len(pdf.SHA256()) != 64 {
		t.Errorf("%d pages, %v missing", pdf.Pages, pdf.Missing)
	}
	got := text(t, pdf)
	for _, want := range []string{
		d.Bureau, d.Title, d.NumberLine, "一、记录", "一段话", "要紧的话", "小字", "文件甲", "名称", "录像", "卡上", digest, "/DCIM/1.MP4", "04:00", "封存", "核对",
		"zhilu verify x", "盖章处", "1 / 1",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the paper lacks %q:\n%s", want, got)
		}
	}
	fonts := strings.Split(strings.TrimSpace(ask(t, pdf, "pdffonts", "FILE")), "\n")[2:]
	for _, line := range fonts {
		// The columns from the right: object and generation, uni, sub, emb.
		f := strings.Fields(line)
		if n := len(f); n < 6 || f[n-5] != "yes" || f[n-3] != "yes" {
			t.Errorf("a font is not in the file, or its text cannot be read out: %s", line)
		}
	}
	info := ask(t, pdf, "pdfinfo", "FILE")
	for _, want := range []string{"Tagged:          yes", "A4", "Title:           封存证明", "JavaScript:      no"} {
		if !strings.Contains(info, want) {
			t.Errorf("no %q in\n%s", want, info)
		}
	}
	for _, want := range []string{"<pdfaid:part>2</pdfaid:part>", "<pdfaid:conformance>A</pdfaid:conformance>"} {
		if !bytes.Contains(pdf.Bytes, []byte(want)) {
			t.Errorf("the file does not say %s", want)
		}
	}
	structure := ask(t, pdf, "pdfinfo", "-struct", "FILE")
	for _, want := range []string{"H1", "H2", "Table", "TH", "TD", "LI"} {
		if !regexp.MustCompile(`(?m)^ *` + want + `\b`).MatchString(structure) {
			t.Errorf("no %s in the structure:\n%s", want, structure)
		}
	}
	if again := set(t, p, d); again.SHA256() != pdf.SHA256() {
		t.Error("the same paper came out as other bytes")
	}
}

// TestHostile is T26: whatever the data hold comes out as text.
func TestHostile(t *testing.T) {
	t.Parallel()
	p := newPress(t, sheet.Limits{})
	for i, s := range []string{
		`#read("/etc/passwd")`, `]#panic("x")[`, "*b* _i_ $x^2$ `code`", `#import "@preview/x:0.1.0": *`, `\u{41}\`, `<label> @ref`, `"}; #eval("1+1")`,
		"<script>alert(1)</script>", "= Heading", "// no comment", "- item", "~ --- ...", `{{.}} %s`,
	} {
		d := paper(sheet.Text(s), sheet.Facts(sheet.Fact{Label: s, Text: s, Source: s}), sheet.Grid(sheet.Table{Widths: []float64{0}, Head: []string{s}, Rows: [][]string{{s}}}))
		d.Title, d.Bureau, d.Foot = s, s, s
		if got := text(t, set(t, p, d)); strings.Count(got, s) < 7 {
			t.Errorf("%d: %q stands there %d times:\n%s", i, s, strings.Count(got, s), got)
		}
	}
	for _, s := range []string{strings.Repeat("a", 10_000), strings.Repeat("长", 10_000), strings.Repeat("f0 ", 3_000), strings.Repeat("ئا", 5_000)} {
		pdf := set(t, p, paper(sheet.Facts(sheet.Fact{Label: "名称", Text: s})))
		if got, want := strings.Count(text(t, pdf), s[:3]), strings.Count(s, s[:3]); pdf.Pages < 2 && want > 5_000 || got < want*9/10 {
			t.Errorf("%.3s…: %d pages, %d of %d", s, pdf.Pages, got, want)
		}
	}
}

// TestNames: rare characters, long names and a right-to-left line are shown; what no font has is shown by its code, and
// said.
func TestNames(t *testing.T) {
	t.Parallel()
	p := newPress(t, sheet.Limits{})
	long := "阿卜杜热合曼·阿卜杜外力·买买提吐尔逊·艾合麦提江·托合提"
	uyghur := "خوتەن شەھەرلىك بازار نازارەت قىلىش"
	pdf := set(t, p, paper(sheet.Facts(sheet.Fact{Label: "姓名", Text: long}, sheet.Fact{Label: "生僻字", Text: "㐂𠮷喆䶮𬱖"}, sheet.Fact{Label: "ئۇيغۇرچە", Text: uyghur})))
	if len(pdf.Missing) != 0 {
		t.Errorf("no font has %v", pdf.Missing)
	}
	got := text(t, pdf)
	for _, want := range []string{long, "㐂𠮷喆䶮𬱖"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if !strings.Contains(ask(t, pdf, "pdffonts", "FILE"), "Scheherazade") {
		t.Error("the Uyghur line is in another font")
	}
	pdf = set(t, p, paper(sheet.Text("名字里有\U000323b0和\U00031350。")))
	if strings.Join(pdf.Missing, "") != "\U000323b0\U00031350" {
		t.Errorf("missing: %q", pdf.Missing)
	}
	for _, want := range []string{"名字里有〔U+323B0〕和〔U+31350〕。", "没有字形的字：U+323B0、U+31350"} {
		if got := text(t, pdf); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestDigestsStayWhole: with many files no digest is parted by the end of a page.
func TestDigestsStayWhole(t *testing.T) {
	t.Parallel()
	p := newPress(t, sheet.Limits{})
	var blocks []sheet.Block
	for i := range 40 {
		blocks = append(blocks, sheet.Name(fmt.Sprintf("文件%d", i)), sheet.Facts(
			sheet.Fact{Label: "SHA-256", Text: fmt.Sprintf("%064x", i+1), Digest: true, Source: "收到时算出"}, sheet.Fact{Label: "SM3", Text: fmt.Sprintf("%064x", i+100), Digest: true}))
	}
	pdf := set(t, p, paper(blocks...))
	for n, page := range strings.Split(ask(t, pdf, "pdftotext", "-layout", "FILE", "-"), "\f") {
		if strings.Count(page, "SHA-256") != strings.Count(page, "收到时算出") {
			t.Errorf("page %d parts a digest from its source:\n%s", n+1, page)
		}
	}
	got := ask(t, pdf, "pdftotext", "-layout", "FILE", "-")
	for i := range 40 {
		if !strings.Contains(got, fmt.Sprintf("%064x", i+1)) || !strings.Contains(got, fmt.Sprintf("%064x", i+100)) {
			t.Errorf("digest %d is not in one line", i)
		}
	}
	if pdf.Pages < 3 {
		t.Errorf("%d pages", pdf.Pages)
	}
}

// children gives the helpers that this press runs: node processes that are called by our worker.
func children(t *testing.T) []int {
	t.Helper()
	out, _ := exec.CommandContext(t.Context(), "pgrep", "-f", "^/node --max-old-space-size=384").Output()
	var pids []int
	for f := range strings.FieldsSeq(string(out)) {
		pid, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		if ours(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// ours reports whether a process descends from this one.
func ours(pid int) bool {
	for range 8 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return false
		}
		after := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if pid, err = strconv.Atoi(after[1]); err != nil || pid <= 1 {
			return false
		}
		if pid == os.Getpid() {
			return true
		}
	}
	return false
}

// TestHelperDies: T18. Killed at rest or at work, the next paper finds a helper; nothing is left behind.
func TestHelperDies(t *testing.T) { //nolint:paralleltest // it counts and kills the processes of this test program
	tool(t, "pgrep")
	p := newPress(t, sheet.Limits{})
	set(t, p, paper(sheet.Text("一")))
	pids := children(t)
	if len(pids) != 1 {
		t.Fatalf("helpers: %v", pids)
	}
	kill := func() {
		for _, pid := range children(t) {
			proc, err := os.FindProcess(pid)
			if err == nil {
				err = proc.Kill()
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
	kill()
	set(t, p, paper(sheet.Text("二")))

	// At work: a paper of thousands of rows takes long enough to be killed in the middle, each time it is tried.
	rows := make([][]string, 30_000)
	for i := range rows {
		rows[i] = []string{strconv.Itoa(i), "经过"}
	}
	done := make(chan error, 1)
	go func() {
		_, err := p.Set(t.Context(), paper(sheet.Grid(sheet.Table{Widths: []float64{30, 0}, Head: []string{"时间", "经过"}, Rows: rows})))
		done <- err
	}()
	var err error
	for over := false; !over; {
		select {
		case err = <-done:
			over = true
		case <-time.After(100 * time.Millisecond):
			kill()
		}
	}
	if !fault.HasCode(err, "sheet.died") && !fault.HasCode(err, "sheet.start") {
		t.Errorf("killed at work: %v", err)
	}
	set(t, p, paper(sheet.Text("三")))
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); len(children(t)) > 0; {
		if time.Now().After(deadline) {
			t.Fatal("a helper outlives its press")
		}
	}
}

// TestLimits is T18: too long, too large, too many.
func TestLimits(t *testing.T) {
	t.Parallel()
	rows := make([][]string, 30_000)
	for i := range rows {
		rows[i] = []string{strconv.Itoa(i), "经过"}
	}
	slow := paper(sheet.Grid(sheet.Table{Widths: []float64{30, 0}, Head: []string{"时间", "经过"}, Rows: rows}))
	p := newPress(t, sheet.Limits{Wall: 300 * time.Millisecond})
	if _, err := p.Set(t.Context(), slow); !fault.HasCode(err, "sheet.timeout") {
		t.Errorf("too long: %v", err)
	}
	p = newPress(t, sheet.Limits{Input: 1 << 10})
	if _, err := p.Set(t.Context(), slow); !fault.HasCode(err, "sheet.too_large") {
		t.Errorf("too much data: %v", err)
	}
	p = newPress(t, sheet.Limits{Output: 1 << 10})
	if _, err := p.Set(t.Context(), paper()); !fault.HasCode(err, "sheet.too_large") {
		t.Errorf("too large a file: %v", err)
	}
	p = newPress(t, sheet.Limits{Memory: 64 << 20})
	if _, err := p.Set(t.Context(), slow); !fault.HasCode(err, "sheet.start") && !fault.HasCode(err, "sheet.died") {
		t.Errorf("too little memory: %v", err)
	}
	p = newPress(t, sheet.Limits{})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := p.Set(ctx, slow); err == nil || fault.HasCode(err, "sheet.timeout") {
		t.Errorf("the caller went away: %v", err)
	}
}

// TestMany: papers at the same time wait for each other, and past the bound are refused at once.
func TestMany(t *testing.T) {
	t.Parallel()
	p := newPress(t, sheet.Limits{Waiting: 3})
	var busy, done int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			_, err := p.Set(t.Context(), paper(sheet.Text("同时")))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				done++
			case fault.HasCode(err, "sheet.busy"):
				busy++
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if done < 4 || done+busy != 12 {
		t.Errorf("%d done, %d refused", done, busy)
	}
}

// TestMissing: where something is not installed, its name is said.
func TestMissing(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	for what, c := range map[string]sheet.Config{
		"node": {Log: log, Modules: "helper", Node: "/nowhere/node"}, "@myriaddreamin/typst-ts-node-compiler": {Log: log, Modules: t.TempDir()},
		"NotoSerifCJK-Regular.ttc": {Log: log, Modules: "helper", Fonts: []string{t.TempDir()}}, "bwrap": {Log: log, Modules: "helper", Bwrap: "/nowhere/bwrap"},
	} {
		if what == "NotoSerifCJK-Regular.ttc" {
			newPress(t, sheet.Limits{}) // skips where the rest is missing
		}
		p := sheet.New(c)
		err := p.Ready()
		if !fault.HasCode(err, "sheet.missing") || what != "bwrap" && what != "node" && fault.As(err).Args[0] != what {
			t.Errorf("without %s: %v", what, err)
		}
		if _, err := p.Set(t.Context(), paper()); !fault.HasCode(err, "sheet.missing") {
			t.Errorf("without %s: %v", what, err)
		}
	}
}

func BenchmarkSet(b *testing.B) {
	p := newPress(b, sheet.Limits{})
	d := paper(sheet.Text("一段话"), sheet.Facts(sheet.Fact{Label: "SHA-256", Text: digest, Digest: true}))
	set(b, p, d)
	for i := range b.N {
		d.Sections[0].Blocks[0].Text = strconv.Itoa(i)
		set(b, p, d)
	}
}
