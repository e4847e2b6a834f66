package record_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/locale"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/web/record"
	"zhilu.dev/zhilu/internal/web/record/recordtest"
)

func sha(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }

func needTools(t *testing.T, h *recordtest.House, names ...string) {
	t.Helper()
	err := h.Press.Ready()
	for _, n := range names {
		if err == nil {
			_, err = exec.LookPath(n)
		}
	}
	if err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// paper makes a certificate and gives its text, without the line ends that only say where a line was full.
func paper(t *testing.T, r *recordtest.Reader, id ident.RecordingID) (pdf, text string) {
	t.Helper()
	a := r.Post(record.Path(id)+"/certificate", nil)
	if a.Status != http.StatusOK || a.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("%d %v\n%.2000s", a.Status, a.Header, a.Body)
	}
	return a.Body, strings.NewReplacer("\n", "", "\f", "").Replace(readText(t, a.Body, "-raw"))
}

func readText(t *testing.T, pdf, how string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.pdf")
	if keep := os.Getenv("ZHILU_KEEP_SHEETS"); keep != "" {
		file = filepath.Join(keep, t.Name()+".pdf")
	}
	if err := os.WriteFile(file, []byte(pdf), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", how, file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestCertificatePDF: the paper says everything the page says, and its own digest is in the entry that its number names.
func TestCertificatePDF(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	needTools(t, h, "pdftotext")
	d := h.Fill()
	trust, err := custody.ReadTrust(t.Context(), h.DB.Reader, h.Keys.Origin(), h.Bureau.Bureau.Name)
	if err != nil {
		t.Fatal(err)
	}
	trustFile, err := trust.Render()
	if err != nil {
		t.Fatal(err)
	}
	detail, err := h.Service.Get(t.Context(), h.Actor(t, access.Custodian), d.InTime.RecordingID)
	if err != nil {
		t.Fatal(err)
	}
	_, got := paper(t, h.As(access.Officer), d.InTime.RecordingID)
	for _, want := range []string{
		h.Bureau.Bureau.Name, "音像记录封存证明", "采集之前发生了什么，本证明不能说明", "阿依努尔·买买提", "领用记录，整段都在其手中", "Z-07", "卡的卷标", detail.FileList[0].Name,
		detail.FileList[0].SHA256, detail.FileList[0].SM3, "入库时计算", "按时入库", "第十九条第一款", "乙 − 甲，不超过 24 小时", "设备误差不超过", "服务器时钟", "开始接收文件",
		"封存原件", string(detail.FileList[0].Entry), "日志第", "检查点", h.Keys.Origin(), custody.Fingerprint(trustFile), "zhilu verify --trust trust.json receipt.json",
		"openssl pkeyutl -verify", "有定位信息", "古丽巴哈尔·阿卜杜热西提", "2026-11-24 04:00:00", "（印章）", "2026 年 11 月 24 日", string(detail.ID),
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the paper lacks %q", want)
		}
	}
	if strings.Contains(got, "⟦") {
		t.Errorf("words are missing: %.60s", got[strings.Index(got, "⟦"):])
	}
	if t.Failed() {
		t.Log(got)
	}

	pdf, _ := paper(t, h.As(access.Officer), d.InTime.RecordingID)
	list, err := custody.List(t.Context(), h.DB.Reader, custody.Filter{Subject: custody.Subject{Kind: "recording", ID: string(d.InTime.RecordingID)}, Limit: 1})
	if err != nil || len(list) != 1 || list[0].Action != string(access.RecordingCertify) || list[0].Requirement != "R-21-1" {
		t.Fatalf("%+v %v", list, err)
	}
	var said struct {
		SHA256   string
		Size     int
		Standard string
	}
	if err := json.Unmarshal(list[0].Detail, &said); err != nil || said.SHA256 != sha(pdf) || said.Size != len(pdf) || said.Standard != "a-2a" {
		t.Errorf("the entry says %s, %v", list[0].Detail, err)
	}
	has(t, h.As(access.Officer).Get(record.Path(d.InTime.RecordingID)), http.StatusOK, "出具封存证明（PDF）", "出具 PDF")
	has(t, h.As(access.Officer).Get(record.Path(d.InTime.RecordingID)+"/certificate"), http.StatusOK, "出具会记入存证日志")
}

// TestCertificateWho is R-21-1: who may not see a recording gets no paper of it, and none is written down.
func TestCertificateWho(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	d := h.Fill()
	path := record.Path(d.InTime.RecordingID) + "/certificate"
	if a := h.SignIn(h.Other.ID).Post(path, nil); a.Status != http.StatusForbidden {
		t.Errorf("another officer got %d", a.Status)
	}
	for _, role := range []access.Role{access.SystemAdmin, access.SecurityAdmin, access.AuditAdmin} {
		if a := h.As(role).Post(path, nil); a.Status != http.StatusForbidden {
			t.Errorf("%s got %d", role, a.Status)
		}
	}
	if err := h.Service.Certify(t.Context(), h.Actor(t, access.AuditAdmin), d.InTime.RecordingID, recording.Certificate{
		Number: ident.New[ident.EntryID](), SHA256: strings.Repeat("0", 64),
	}); err == nil {
		t.Error("an administrator certified a recording")
	}
	if err := h.Service.Certify(t.Context(), h.Actor(t, access.Custodian), d.InTime.RecordingID, recording.Certificate{Number: ident.New[ident.EntryID]()}); err == nil {
		t.Error("a paper without a digest was written down")
	}
}

// TestCertificateOdd is T26: whatever a card calls its files comes out as text, in every state of a recording and in
// English.
func TestCertificateOdd(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	needTools(t, h, "pdftotext")
	d := h.Fill()
	keeper := h.As(access.Custodian)
	for i, r := range d.Hostile {
		_, got := paper(t, keeper, r.RecordingID)
		if name := record.Harmless(recordtest.Hostile[i]); !strings.Contains(got, name[:min(len(name), 60)]) {
			t.Errorf("%q is not in its paper:\n%.600s", name, got)
		}
	}
	for _, id := range []ident.RecordingID{d.Late.RecordingID, d.Stored.RecordingID, d.Doubtful.RecordingID, d.Unknown.RecordingID, d.Bad.RecordingID} {
		if _, got := paper(t, keeper, id); strings.Contains(got, "⟦") || !strings.Contains(got, string(id)) {
			t.Errorf("%.600s", got)
		}
	}
	keeper.Lang = "en"
	if _, got := paper(t, keeper, d.Late.RecordingID); strings.Contains(got, "⟦") || !strings.Contains(got, "Certificate of sealing") {
		t.Errorf("%.600s", got)
	}
}

// TestOpenSSL: the commands that the paper names prove a receipt without any program of ours.
func TestOpenSSL(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	needTools(t, h, "openssl", "jq", "pdftotext")
	d := h.Fill()
	dir := t.TempDir()
	receipt := h.As(access.Officer).Get("/files/" + string(d.InTime.FileID) + "/receipt")
	if err := os.WriteFile(filepath.Join(dir, "receipt.json"), []byte(receipt.Body), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(lines string) string {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", lines)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", lines, err, out)
		}
		return string(out)
	}
	trust, err := custody.ReadTrust(t.Context(), h.DB.Reader, h.Keys.Origin(), h.Bureau.Bureau.Name)
	if err != nil {
		t.Fatal(err)
	}
	known := false
	key := run(record.TypeKey)
	for _, k := range trust.Keys {
		known = known || strings.Contains(key, k.Fingerprint)
	}
	if !known {
		t.Errorf("the receipt's key is none of the trust file's: %s", key)
	}
	if out := run(record.TypeSigned); !strings.Contains(out, "Verified Successfully") {
		t.Error(out)
	}
}

// TestCertificateLong: twelve files and a history of four hundred steps, rare characters, a line from right to left.
func TestCertificateLong(t *testing.T) {
	t.Parallel()
	h := recordtest.New(t)
	needTools(t, h, "pdftotext")
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	pdf, err := h.Press.Set(t.Context(), record.LongSheet(words.For(locale.Chinese), 12, 400))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(pdf.Missing, "") != "\U000323b0" || pdf.Pages < 10 {
		t.Errorf("%d pages, %q missing", pdf.Pages, pdf.Missing)
	}
	got := readText(t, string(pdf.Bytes), "-layout")
	for page, s := range strings.Split(got, "\f") {
		// A file's two digests stand on one page, under its name.
		if n := strings.Count(s, "SHA-256  "); n != strings.Count(s, "SM3  ") || n != strings.Count(s, ".MP4") {
			t.Errorf("page %d parts a file:\n%s", page+1, s)
		}
	}
	for _, want := range []string{"日志第 0 条", "日志第 399 条", "U+323B0", "阿卜杜热合曼·阿卜杜外力·买买提吐尔逊·艾合麦提江·托合提"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q", want)
		}
	}
}

func BenchmarkCertificate(b *testing.B) {
	h := recordtest.New(b)
	if err := h.Press.Ready(); err != nil {
		b.Skip(err)
	}
	d := h.Fill()
	r := h.As(access.Officer)
	r.Post(record.Path(d.InTime.RecordingID)+"/certificate", nil)
	for b.Loop() {
		if a := r.Post(record.Path(d.InTime.RecordingID)+"/certificate", nil); a.Status != http.StatusOK {
			b.Fatal(a.Status)
		}
	}
}

func BenchmarkCertificateLong(b *testing.B) {
	h := recordtest.New(b)
	words, err := locale.Load()
	if err != nil {
		b.Fatal(err)
	}
	if err := h.Press.Ready(); err != nil {
		b.Skip(err)
	}
	for b.Loop() {
		if _, err := h.Press.Set(b.Context(), record.LongSheet(words.For(locale.Chinese), 12, 400)); err != nil {
			b.Fatal(err)
		}
	}
}
