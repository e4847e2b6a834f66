package disc

import (
	"bytes"
	_ "embed" // the pages
	"html/template"

	"zhilu.dev/zhilu/internal/fault"
)

//go:embed player.html
var playerSource string

var playerPage = template.Must(template.New("player").Parse(playerSource))

// player is the page on the disc that plays what is on it, with no network and no script.
func (m *making) player() ([]byte, error) {
	var b bytes.Buffer
	if err := playerPage.Execute(&b, map[string]any{"Number": m.d.Number, "Bureau": m.s.c.Bureau, "CaseNo": m.d.CaseNo, "CaseTitle": m.d.CaseTitle, "Recordings": m.listed}); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "disc.page")
	}
	return b.Bytes(), nil
}

//go:embed verifier.html
var verifier []byte

// verifierPage is the page that checks a disc in a browser without network; it is built from internal/web/asset.
func verifierPage() []byte { return verifier }
