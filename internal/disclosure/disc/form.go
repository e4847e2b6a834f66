package disc

import (
	"time"

	"zhilu.dev/zhilu/internal/ident"
)

// The forms of docs/formats/disc-v1.md, their members in the order in which they are written.
type (
	manifest struct {
		Format     string     `json:"format"`
		ID         string     `json:"id"`
		Number     string     `json:"number"`
		Origin     string     `json:"origin"`
		Bureau     string     `json:"bureau"`
		Case       caseRef    `json:"case"`
		MadeAt     string     `json:"made_at"`
		MadeBy     maker      `json:"made_by"`
		Request    request    `json:"request"`
		Recordings []recorded `json:"recordings"`
		Files      []listed   `json:"files"`
	}
	caseRef struct {
		ID    string `json:"id"`
		No    string `json:"no"`
		Title string `json:"title"`
	}
	maker struct {
		Account string `json:"account"`
		Person  string `json:"person"`
		Name    string `json:"name"`
	}
	request struct {
		ID string `json:"id"`
		No int64  `json:"no"`
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
		Written   string `json:"transcript,omitempty"` // the written text of a clip's sound
	}
	listed struct {
		Name   string `json:"name"`
		Size   int64  `json:"size"`
		SHA256 string `json:"sha256"`
	}
	noteFile struct {
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

func (d *Disc) noteFile() noteFile {
	n := d.Note
	return noteFile{"zhilu-disc-note/v1", d.Number, d.CaseNo, n.Maker, n.Object, n.MadeAt, n.Place, n.Method, n.Proves, n.Transcript, n.Remark, n.Extractor, n.ExtractedAt}
}

// when is a time in the form of our outside files, "" for none.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

// Order says what disc is wanted.
type Order struct {
	Request    int64
	Case       ident.CaseID        // "" takes the request's
	Recordings []ident.RecordingID // of those the request covers; empty takes all
	Note       Note
	Form       Form
	Out        string // must not exist
	Via        string // "host" where the host's command makes it
	Progress   func(done, total int64)
}

// Result is a disc that was made.
type Result struct {
	Disc     ident.DiscID  `json:"disc"`
	Number   string        `json:"number"`
	Out      string        `json:"out"`
	Entry    ident.EntryID `json:"entry"`
	Manifest string        `json:"manifest_sha256"`
	Image    string        `json:"image_sha256,omitempty"`
	Files    int           `json:"files"`
	Bytes    int64         `json:"bytes"`
}
