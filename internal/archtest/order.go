package archtest

// Group is a storey of the house. A package imports from storeys above its own, and within its storey from packages
// listed before it. A folder below a listed package belongs to that package unless it is listed itself.
type Group struct {
	Name     string
	Apart    bool // its packages never import each other
	Packages []string
}

// Order is the house from top to bottom (decisions §12). Only rooms that exist or are being built are listed.
var Order = []Group{
	{Name: "ground", Packages: []string{
		"fault", "ident", "clock", "crowd", "locale", "config", "lifecycle", "trace", "durable", "db", "job", "vault", "media", "ledger", "sheet", "problem",
		"node", // several servers behind one address
	}},
	{Name: "trust", Packages: []string{
		"access", "custody", "gate", "verify",
		"custody/witness",     // an outsider's program: it shares nothing with the log it watches
		"custody/countersign", // asks witnesses
		"custody/stamp",       // asks a time-stamping authority
		"backup",              // copies of a house and back, encrypted
		"custody/fsck",        // judges what custody wrote, by verify's eyes as well
		"custody/scrub",       // the same, without end
	}},
	{Name: "regulation", Packages: []string{"regulation", "duty", "continuity", "slate", "slate/qr", "slate/draw", "slate/find"}},
	{Name: "records", Packages: []string{
		"org", "account", "device",
		"casefile/form", "casefile/matter", "casefile/procedure", "casefile/proof", "casefile/delivery", "casefile/performance", "casefile/execution", "casefile/print", // pure
		"casefile/rows",
		"casefile", "casefile/casetest", "activity", "recording", "coverage", "marking", "viewing", "viewing/grab", "viewing/moment", "viewing/leaving", "viewing/loan", "viewing/refused", "redaction", "casefile/dossier", "disclosure", "disclosure/disc", "disclosure/whole", "persons", "persons/lookup", "rescue",
	}},
	{Name: "faces", Apart: true, Packages: []string{"door", "web", "api", "dock"}},
	{Name: "app", Packages: []string{"app"}},
	{Name: "cmd", Packages: []string{"cmd/zhilu"}},
	{Name: "trials", Packages: []string{"hardship"}}, // tests of the built program, from outside
}

// Closed packages may reach, directly or through others, nothing of ours but what is named.
var Closed = map[string][]string{
	// An outsider could have written verify: it must not share a line with what it checks.
	"verify": {"fault", "ident", "clock"},
	// A witness is an outsider, too.
	"custody/witness": {"fault", "clock", "durable"},
}

// Homes are the only packages that may import a library, so that it can be replaced in one place.
var Homes = map[string][]string{
	"github.com/a-h/templ":             {"web"},
	"go.opentelemetry.io/otel":         {"trace"},
	"github.com/cedar-policy/cedar-go": {"access"},
	"cel.dev/cel-go":                   {"regulation"},
	"modernc.org/sqlite":               {"db"},
	"github.com/digitorus/timestamp":   {"custody/stamp", "verify"},
	"filippo.io/age":                   {"backup", "rescue", "disclosure", "disclosure/whole"},
	"github.com/pressly/goose/v3":      {"db"},
	"github.com/alecthomas/kong":       {"cmd/zhilu", "config"},
	"github.com/chromedp/chromedp":     {"web"},
	"github.com/makiuchi-d/gozxing":    {"slate/qr"},
}

// sqlHomes are packages in which SQL may stand in any file: they are about the database itself.
var sqlHomes = []string{"db", "job"}

// Sizes (style §2.18).
const (
	maxFile     = 500
	maxTestFile = 800
	maxPackage  = 2500
)

// badNames say nothing about what is inside.
var badNames = []string{
	"util", "utils", "common", "helper", "helpers", "model", "models", "manager", "impl", "base", "misc", "shared", "types",
}
