package access

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"zhilu.dev/zhilu/internal/fault"
)

//go:embed policy/*.cedar
var policyFS embed.FS

// Rule is what a policy's annotations say of it.
type Rule struct {
	ID          string // the policy's own name
	File        string
	Article     string // the article of the regulation it carries out, "" where it is house order
	Requirement string // the R-id
	Advice      string // message key: what a refused person can do
	Text        string // the policy as written
	Permits     bool
	Actions     []Action
}

// Authorizer holds the parsed policies. It is immutable and safe for concurrent use.
type Authorizer struct {
	set      *cedar.PolicySet
	rules    map[cedar.PolicyID]Rule
	byAction map[Action][]Rule
}

// Load parses the built-in policies and checks them: every policy has @id, @article, @requirement and @advice, every
// action it names exists, and every action is permitted to somebody.
func Load() (*Authorizer, error) {
	a := &Authorizer{set: cedar.NewPolicySet(), rules: map[cedar.PolicyID]Rule{}, byAction: map[Action][]Rule{}}
	files, err := fs.Glob(policyFS, "policy/*.cedar")
	if err != nil {
		return nil, fmt.Errorf("access: %w", err)
	}
	for _, name := range files {
		if err := a.loadFile(name); err != nil {
			return nil, fmt.Errorf("access: %s: %w", name, err)
		}
	}
	for _, act := range Actions() {
		if !slices.ContainsFunc(a.byAction[act], func(r Rule) bool { return r.Permits }) {
			return nil, fmt.Errorf("access: no policy permits %s to anybody", act)
		}
	}
	return a, nil
}

func (a *Authorizer) loadFile(name string) error {
	src, err := policyFS.ReadFile(name)
	if err != nil {
		return err
	}
	list, err := cedar.NewPolicyListFromBytes(name, src)
	if err != nil {
		return err
	}
	for _, p := range list {
		r := Rule{File: name, Text: string(p.MarshalCedar()), Permits: p.Effect() == cedar.Permit}
		ann := p.Annotations()
		for key, dst := range map[types.AnnotationKey]*string{"id": &r.ID, "article": &r.Article, "requirement": &r.Requirement, "advice": &r.Advice} {
			v, ok := ann[key]
			if !ok {
				return fmt.Errorf("policy at line %d lacks @%s", p.Position().Line, key)
			}
			*dst = string(v)
		}
		if r.Actions, err = actionsOf(p); err != nil {
			return fmt.Errorf("policy %s: %w", r.ID, err)
		}
		id := cedar.PolicyID(r.ID)
		if !a.set.Add(id, p) {
			return fmt.Errorf("policy %s stands twice", r.ID)
		}
		a.rules[id] = r
		for _, act := range r.Actions {
			a.byAction[act] = append(a.byAction[act], r)
		}
	}
	return nil
}

// actionsOf reads the actions a policy's head names.
func actionsOf(p *cedar.Policy) ([]Action, error) {
	raw, err := p.MarshalJSON()
	if err != nil {
		return nil, err
	}
	type uid struct{ Type, ID string }
	var head struct {
		Action struct {
			Op       string
			Entity   *uid
			Entities []uid
		}
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, err
	}
	if head.Action.Op == "All" {
		return Actions(), nil
	}
	if head.Action.Entity != nil {
		head.Action.Entities = append(head.Action.Entities, *head.Action.Entity)
	}
	var out []Action
	for _, u := range head.Action.Entities {
		if !slices.Contains(Actions(), Action(u.ID)) {
			return nil, fmt.Errorf("unknown action %q", u.ID)
		}
		out = append(out, Action(u.ID))
	}
	return out, nil
}

// Decision is the answer of the policies, with the rule it rests on: the one that permitted, the one that forbade, or
// on a default refusal the rule under which others may.
type Decision struct {
	Allowed bool
	Rule    Rule
}

// Decide answers whether the actor may do the action to the subject.
func (a *Authorizer) Decide(actor Actor, action Action, s Subject) Decision {
	principal := cedar.NewEntityUID(cedar.EntityType(title(string(actor.Kind))), types.String(actor.ID))
	resource := cedar.NewEntityUID(cedar.EntityType(title(s.Kind)), types.String(s.ID))
	roles := make([]types.Value, len(actor.Roles))
	for i, r := range actor.Roles {
		roles[i] = types.String(r)
	}
	deps := make([]types.Value, len(actor.Departments))
	for i, d := range actor.Departments {
		deps[i] = types.String(d)
	}
	entities := cedar.EntityMap{
		principal: {UID: principal, Attributes: cedar.NewRecord(cedar.RecordMap{
			"id":          types.String(actor.ID),
			"person":      types.String(actor.Person),
			"roles":       cedar.NewSet(roles...),
			"department":  types.String(actor.Department),
			"departments": cedar.NewSet(deps...),
			"scope":       types.String(actor.TokenScope),
			"limited":     types.Boolean(actor.Limited),
		})},
		resource: {UID: resource, Attributes: cedar.NewRecord(cedar.RecordMap{
			"department": types.String(s.Department),
			"officer":    types.String(s.Officer),
			"owner":      types.String(s.Owner),
			"level":      types.String(s.Level),
			"ground":     types.String(s.Ground),
		})},
	}
	ok, diag := cedar.Authorize(a.set, entities, cedar.Request{
		Principal: principal, Action: cedar.NewEntityUID("Action", types.String(action)), Resource: resource,
	})
	d := Decision{Allowed: bool(ok)}
	ids := make([]cedar.PolicyID, 0, len(diag.Reasons))
	for _, r := range diag.Reasons {
		ids = append(ids, r.PolicyID)
	}
	if len(ids) > 0 {
		d.Rule = a.rules[slices.Min(ids)]
		return d
	}
	for _, r := range a.byAction[action] {
		if r.Permits {
			d.Rule = r
			break
		}
	}
	return d
}

// Refusal turns a refusing decision into the fault a person gets: it names the article and what to do.
func (d Decision) Refusal() error {
	return fault.New(fault.Forbidden, "access."+d.Rule.Advice).Under(d.Rule.Article)
}

// Rules lists every rule by file and id, for the page that shows the policies and for tests.
func (a *Authorizer) Rules() []Rule {
	out := make([]Rule, 0, len(a.rules))
	for _, r := range a.rules {
		out = append(out, r)
	}
	slices.SortFunc(out, func(x, y Rule) int { return strings.Compare(x.File+x.ID, y.File+y.ID) })
	return out
}

// title turns "audit_log" into the Cedar type name "AuditLog".
func title(s string) string {
	var b strings.Builder
	up := true
	for _, r := range s {
		switch {
		case r == '_':
			up = true
		case up && r >= 'a' && r <= 'z':
			b.WriteRune(r - 'a' + 'A')
			up = false
		default:
			b.WriteRune(r)
			up = false
		}
	}
	return b.String()
}
