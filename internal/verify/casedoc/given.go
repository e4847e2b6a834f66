package casedoc

import (
	"encoding/json"
	"regexp"
	"strings"

	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/verify/clip"
	"zhilu.dev/zhilu/internal/verify/form"
	"zhilu.dev/zhilu/internal/verify/parcel"
)

// GivenFormat names the form of what was given to an outside body or published (docs/formats/disclosure-package-v1.md).
const GivenFormat = "zhilu-disclosure-package/v1"

// Given is the manifest of such a package, its members in the order in which they are written.
type Given struct {
	Format string `json:"format"`
	ID     string `json:"id"`
	No     string `json:"no"`
	Origin string `json:"origin"`
	Bureau string `json:"bureau"`
	MadeAt string `json:"made_at"`
	MadeBy struct {
		Account string `json:"account"`
		Person  string `json:"person"`
		Name    string `json:"name"`
	} `json:"made_by"`
	Manner  string `json:"manner"`
	Request struct {
		ID         string `json:"id"`
		No         int64  `json:"no"`
		ApprovedBy string `json:"approved_by"`
		ApprovedAt string `json:"approved_at"`
		Words      string `json:"words"`
	} `json:"request"`
	Recipient struct {
		Body   string `json:"body"`
		Person string `json:"person"`
		Basis  string `json:"basis"`
	} `json:"recipient"`
	Purpose string `json:"purpose"`
	Words   string `json:"words"`
	Case    struct {
		ID    string `json:"id"`
		No    string `json:"no"`
		Title string `json:"title"`
	} `json:"case"`
	Items []GivenItem `json:"items"`
	Files []File      `json:"files"`
}

// GivenItem is one recording in it.
type GivenItem struct {
	N         int         `json:"n"`
	Recording string      `json:"recording"`
	Title     string      `json:"title"`
	Kind      string      `json:"kind"`
	FromMS    int64       `json:"from_ms"`
	ToMS      int64       `json:"to_ms"`
	Files     []GivenFile `json:"files"`
	Statement string      `json:"statement"`
	Written   string      `json:"transcript,omitempty"`
}

// GivenFile is one file of such a recording.
type GivenFile struct {
	Name    string `json:"name"`
	File    string `json:"file"`
	Called  string `json:"called"`
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256"`
	Receipt string `json:"receipt"`
}

var numberForm = regexp.MustCompile(`^〔[0-9]{4}〕[1-9][0-9]{0,9}号$`)

// FormatOf is the format that a manifest claims, "" for none.
func FormatOf(raw []byte) string {
	var x struct{ Format string }
	if json.Unmarshal(raw, &x) != nil {
		return ""
	}
	return x.Format
}

// Sound reports whether the manifest's values are possible.
func (m *Given) Sound() bool {
	outside := m.Manner == "provide" && m.Recipient.Body != "" && m.Recipient.Person != ""
	if m.Format != GivenFormat || m.Origin == "" || m.Files == nil || m.Items == nil || m.Request.No < 1 || !numberForm.MatchString(m.No) || m.Manner != "publish" && !outside {
		return false
	}
	for _, id := range []string{m.ID, m.Request.ID, m.MadeBy.Account} {
		if _, err := ident.Parse[ident.EntryID](id); err != nil {
			return false
		}
	}
	if _, err := ident.Parse[ident.EntryID](m.Case.ID); m.Case.ID != "" && err != nil {
		return false
	}
	if _, ok := form.Time(m.MadeAt); !ok {
		return false
	}
	return listSound(m.Files)
}

// Sound reports whether an item's values are possible: n is its place.
func (i *GivenItem) Sound(n int) bool {
	if i.N != n || i.Files == nil || i.FromMS < 0 || i.ToMS < 0 || i.ToMS > 0 && i.ToMS <= i.FromMS {
		return false
	}
	if i.Kind == "original" {
		return i.FromMS == 0 && i.ToMS == 0 && i.Statement == "" && len(i.Files) > 0
	}
	return (i.Kind == "clip" || i.Kind == "masked") && i.Statement != "" && len(i.Files) == 1
}

// Wrote reports whether the written text that goes with a copy is the one that its statement names.
func (i *GivenItem) Wrote(says *clip.Transcript, listed map[string]File) bool {
	f, there := listed[i.Written]
	if says == nil {
		return i.Written == ""
	}
	return there && f.SHA256 == says.SHA256 && f.Size == says.Size
}

// listSound reports whether a list of files can be one: names that are safe, in order, none twice, together not too long.
func listSound(files []File) bool {
	if len(files) > parcel.MaxFiles {
		return false
	}
	total, before := int64(0), ""
	folded := map[string]bool{}
	for _, f := range files {
		low := strings.ToLower(f.Name)
		if !parcel.SafeName(f.Name) || f.Name <= before || f.Name == FileManifest || f.Name == FileExport || folded[low] ||
			f.Size < 0 || f.Size > parcel.MaxBytes || !form.IsDigest(f.SHA256) {
			return false
		}
		folded[low], before = true, f.Name
		if total += f.Size; total > parcel.MaxBytes {
			return false
		}
	}
	return true
}

// GivenFacts are what a package that was given out says of itself.
type GivenFacts struct {
	No          string `json:"no"`
	Manner      string `json:"manner"`
	Bureau      string `json:"bureau"`
	To          string `json:"to"`
	ToPerson    string `json:"to_person"`
	Basis       string `json:"basis"`
	Purpose     string `json:"purpose"`
	ApprovedBy  string `json:"approved_by"`
	MadeBy      string `json:"made_by"`
	EnteredAt   string `json:"entered_at,omitempty"` // as the log says
	Fingerprint string `json:"fingerprint,omitempty"`
	Files       int    `json:"files"`
	Originals   int    `json:"originals"` // recordings
	Copies      int    `json:"copies"`
	Documents   int    `json:"documents"`
}
