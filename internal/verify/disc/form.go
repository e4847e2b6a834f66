package disc

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/verify/form"
	"zhilu.dev/zhilu/internal/verify/parcel"
)

// The files of a disc that stand apart (docs/formats/disc-v1.md).
const (
	maxRecord   = 1 << 20
	maxTrust    = 4 << 20
	maxManifest = 16 << 20

	formatDisc     = "zhilu-disc/v1"
	formatNote     = "zhilu-disc-note/v1"
	fileManifest   = "manifest.json"
	fileEntry      = "disc.json"
	fileNote       = "note.json"
	fileTrust      = "log/trust.json"
	fileCheckpoint = "log/checkpoint"
	fileSums       = "sha256sum.txt"
	dirProofs      = "proofs/"
	// limited is the longest file that every tree of an image can name; a longer one stands in UDF alone.
	limited = 1<<32 - 2048
)

type (
	listed struct {
		Name   string `json:"name"`
		Size   int64  `json:"size"`
		SHA256 string `json:"sha256"`
	}
	recorded struct {
		Recording string `json:"recording"`
		File      string `json:"file"`
		Kind      string `json:"kind"`
		Original  string `json:"original_name"`
		Name      string `json:"name"`
		Size      int64  `json:"size"`
		SHA256    string `json:"sha256"`
		View      string `json:"view"`
		Receipt   string `json:"receipt"`
		Statement string `json:"statement"`
		Written   string `json:"transcript,omitempty"`
	}
	manifest struct {
		Format string `json:"format"`
		ID     string `json:"id"`
		Number string `json:"number"`
		Origin string `json:"origin"`
		Bureau string `json:"bureau"`
		Case   struct {
			ID    string `json:"id"`
			No    string `json:"no"`
			Title string `json:"title"`
		} `json:"case"`
		MadeAt string `json:"made_at"`
		MadeBy struct {
			Account string `json:"account"`
			Person  string `json:"person"`
			Name    string `json:"name"`
		} `json:"made_by"`
		Request struct {
			ID string `json:"id"`
			No int64  `json:"no"`
		} `json:"request"`
		Recordings []recorded `json:"recordings"`
		Files      []listed   `json:"files"`
	}
	note struct {
		Format      string `json:"format"`
		Number      string `json:"number"`
		Case        string `json:"case"`
		Maker       string `json:"maker"`
		Object      string `json:"object"`
		MadeAt      string `json:"made_at"`
		Place       string `json:"place"`
		Method      string `json:"method"`
		Proves      string `json:"proves"`
		Transcript  string `json:"transcript"`
		Remark      string `json:"remark"`
		Extractor   string `json:"extractor"`
		ExtractedAt string `json:"extracted_at"`
	}
)

// sound reports whether a manifest is one that a disc may have: every name safe, none twice, in order, and what it says of recordings
// is what it says of files.
func (m *manifest) sound() bool {
	if m.Format != formatDisc || m.ID == "" || m.Number == "" || m.Origin == "" || len(m.Files) == 0 || len(m.Files) > parcel.MaxFiles || m.Recordings == nil {
		return false
	}
	known := map[string]listed{}
	folded := map[string]bool{}
	last := ""
	for _, f := range m.Files {
		low := strings.ToLower(f.Name)
		if !SafeName(f.Name) || f.Name <= last || folded[low] || f.Size < 0 || !form.IsDigest(f.SHA256) || f.Name == fileManifest || f.Name == fileEntry {
			return false
		}
		known[f.Name], folded[low], last = f, true, f.Name
	}
	for _, r := range m.Recordings {
		if known[r.Name] != (listed{r.Name, r.Size, r.SHA256}) || r.Kind != "original" && r.Kind != "clip" {
			return false
		}
		for _, beside := range []string{r.View, r.Receipt, r.Statement, r.Written} {
			if _, ok := known[beside]; beside != "" && !ok {
				return false
			}
		}
	}
	return true
}

var device = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)`)

// SafeName reports whether a name is one that a disc may hold: every tree and every system shows it alike, and it cannot pass for another.
func SafeName(name string) bool {
	parts := strings.Split(name, "/")
	return len(parts) <= 3 && !slices.ContainsFunc(parts, func(p string) bool {
		return p == "" || !utf8.ValidString(p) || len(utf16.Encode([]rune(p))) > 64 || strings.HasPrefix(p, ".") || strings.HasSuffix(p, ".") || device.MatchString(p) ||
			strings.ContainsFunc(p, func(r rune) bool {
				return r > 0xffff || r == utf8.RuneError || r == ' ' || !unicode.IsPrint(r) || unicode.Is(unicode.Mn, r) || strings.ContainsRune(`<>:"/\|?*;`, r)
			})
	})
}
