package access_test

import (
	"testing"

	"pgregory.net/rapid"

	"zhilu.dev/zhilu/internal/access"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
)

func load(t testing.TB) *access.Authorizer {
	t.Helper()
	a, err := access.Load()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func person(dep ident.DepartmentID, roles ...access.Role) access.Actor {
	return access.Actor{
		Kind: access.Person, ID: "acc", Person: "p1", Roles: roles, Department: dep,
		Departments: []ident.DepartmentID{dep},
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	a := load(t)
	rec := access.Subject{Kind: "recording", ID: "r", Department: "d1", Officer: "p1"}
	dock := access.Actor{Kind: access.Token, ID: "tok", TokenScope: access.ScopeDock}
	limited := person("d1", access.Custodian)
	limited.Limited = true
	for _, c := range []struct {
		name    string
		actor   access.Actor
		action  access.Action
		subject access.Subject
		want    bool
		article string
	}{
		{"R-21-1 an officer sees the facts of their own recording", person("d9", access.Officer), access.RecordingView, rec, true, "21"},
		{"R-21-1 but not of another's", person("d1", access.Officer), access.RecordingView, access.Subject{Kind: "recording", Department: "d1", Officer: "p2"}, false, "21"},
		{"R-21-1 a head sees the own department", person("d1", access.Head), access.RecordingView, access.Subject{Kind: "recording", Department: "d1"}, true, "21"},
		{"R-21-1 and no other", person("d2", access.Head), access.RecordingView, access.Subject{Kind: "recording", Department: "d1"}, false, "21"},
		{"T13 a system administrator sees no recording", person("d1", access.SystemAdmin), access.RecordingView, rec, false, "21"},
		{"T13 a security administrator grants nothing to themselves", person("d1", access.SecurityAdmin), access.RoleGrant, access.Subject{Kind: "account", Officer: "p1"}, false, ""},
		{"T27 a dock token writes", dock, access.UploadCreate, access.Subject{Kind: "upload"}, true, "19"},
		{"T27 and reads nothing", dock, access.RecordingList, access.Subject{Kind: "recording"}, false, "21"},
		{"T20 another's upload is out of reach", dock, access.UploadAppend, access.Subject{Kind: "upload", Owner: "other"}, false, "19"},
		{"R-19-2 no officer clears a camera", person("d1", access.Officer), access.ClearOrder, access.Subject{Kind: "card", Department: "d1"}, false, "19"},
		{"R-23-1 who may look may keep a still picture", person("d1", access.LegalReviewer), access.LookGrab, access.Subject{Kind: "recording", ID: "r", Ground: "consent"}, true, "23"},
		{"R-23-1 without a ground nobody may", person("d1", access.Head), access.LookGrab, rec, false, "23"},
		{"T6 in another session nobody may", person("d1", access.LegalReviewer), access.LookGrab, access.Subject{Kind: "recording", ID: "r", Ground: "foreign"}, false, "23"},
		{"T6 after it was taken back nobody may", person("d1", access.LegalReviewer), access.LookGrab, access.Subject{Kind: "recording", ID: "r", Ground: "revoked"}, false, "23"},
		{"T6 outside the span nobody may", person("d1", access.LegalReviewer), access.LookGrab, access.Subject{Kind: "recording", ID: "r", Ground: "outside"}, false, "23"},
		{"R-23-1 who handles the open case may look", person("d1", access.Officer), access.LookOpen, access.Subject{Kind: "recording", ID: "r", Ground: "handler", Officer: "p1"}, true, "23"},
		{"T13 and no administrator on that ground", person("d1", access.SystemAdmin), access.LookOpen, access.Subject{Kind: "recording", ID: "r", Ground: "handler", Officer: "p1"}, false, "23"},
		{"R-23-3 the custodian hands out what is lent", person("d1", access.Custodian), access.LoanHand, access.Subject{Kind: "loan", Department: "d1", Officer: "p2"}, true, "23"},
		{"R-23-3 of the own department alone", person("d2", access.Custodian), access.LoanHand, access.Subject{Kind: "loan", Department: "d1", Officer: "p2"}, false, "23"},
		{"T7 and takes nothing back from themselves", person("d1", access.Custodian), access.LoanTake, access.Subject{Kind: "loan", Department: "d1", Officer: "p1"}, false, "23"},
		{"R-23-3 the custodian issues a look-up receipt", person("d1", access.Custodian), access.LookupIssue, access.Subject{Kind: "person_matter", Department: "d1"}, true, "23"},
		{"R-23-3 another department's does not", person("d2", access.Custodian), access.LookupIssue, access.Subject{Kind: "person_matter", Department: "d1"}, false, "23"},
		{"R-20-4 a head has nothing told later", person("d1", access.Head), access.LookupDelay, access.Subject{Kind: "person_matter", Department: "d1"}, false, "20"},
		{"R-21-1 an officer takes in nothing that is handed in", person("d1", access.Officer), access.HandedOpen, access.Subject{Kind: "handed", Department: "d1"}, false, "21"},
		{"T13 an administrator ends no handing in", person("d1", access.SystemAdmin), access.HandedClose, access.Subject{Kind: "handed", Department: "d1", Officer: "p1"}, false, "21"},
		{"R-23-1 nobody signed in sees nothing", access.AnyoneActor(), access.RecordingList, access.Subject{Kind: "recording"}, false, "21"},
		{"the first password comes first", limited, access.DeviceIssue, access.Subject{Kind: "device", Department: "d1"}, false, "23"},
		{"R-20-1 a system administrator packs the diagnostics", person("d1", access.SystemAdmin), access.HealthDiagnose, access.Subject{Kind: "bureau"}, true, "20"},
		{"R-20-1 and nobody else does", person("d1", access.AuditAdmin), access.HealthDiagnose, access.Subject{Kind: "bureau"}, false, "20"},
		{"R-23-1 an officer searches for a party, with a reason", person("d1", access.Officer), access.CaseFindParty, access.Subject{Kind: "case", ID: "list"}, true, "23"},
		{"R-23-1 a custodian does not", person("d1", access.Custodian), access.CaseFindParty, access.Subject{Kind: "case", ID: "list"}, false, "23"},
		{"T13 no administrator takes the list of cases away", person("d1", access.AuditAdmin), access.CaseListExport, access.Subject{Kind: "ledger", ID: "cases"}, false, "21"},
		{"R-22-4 no person sweeps for recordings without a case", person("d1", access.Leader), access.CaseSweep, access.Subject{Kind: "ledger", ID: "cases"}, false, "22"},
		{"T7 nobody excuses themselves", person("d1", access.Leader), access.DutyWaive, access.Subject{Kind: "duty", Department: "d1", Officer: "p1"}, false, "17"},
		{"R-20-2 giving out on one's own approved request", access.Actor{Kind: access.Person, ID: "a1", Person: "p1", Roles: []access.Role{access.Officer}}, access.DisclosureMake, access.Subject{Kind: "disclosure", Officer: "p1", Ground: "consent"}, true, "20"},
		{"R-20-2 never on another's", access.Actor{Kind: access.Person, ID: "a1", Person: "p1", Roles: []access.Role{access.Leader}}, access.DisclosureMake, access.Subject{Kind: "disclosure", Officer: "p2", Ground: "consent"}, false, "20"},
		{"R-20-2 never on none", access.Actor{Kind: access.Person, ID: "a1", Person: "p1", Roles: []access.Role{access.Leader}}, access.DisclosureSend, access.Subject{Kind: "disclosure", Officer: "p1"}, false, "20"},
		{"T6 not in another session", access.Actor{Kind: access.Person, ID: "a1", Person: "p1", Roles: []access.Role{access.Officer}}, access.DisclosureSend, access.Subject{Kind: "disclosure", Officer: "p1", Ground: "foreign"}, false, "20"},
		{"T13 an administrator gives nothing out", access.Actor{Kind: access.Person, ID: "a1", Person: "p1", Roles: []access.Role{access.SystemAdmin}}, access.DisclosureSend, access.Subject{Kind: "disclosure", Officer: "p1", Ground: "consent"}, false, "20"},
		{"R-20-2 the register is the custodian's", person("d1", access.Custodian), access.DisclosureView, access.Subject{Kind: "disclosure", Department: "d1", Officer: "p9"}, true, "20"},
		{"R-20-2 of their own department", person("d1", access.Custodian), access.DisclosureView, access.Subject{Kind: "disclosure", Department: "d2", Officer: "p9"}, false, "20"},
		{"R-20-2 a colleague does not see it", person("d1", access.Officer), access.DisclosureView, access.Subject{Kind: "disclosure", Department: "d1", Officer: "p9"}, false, "20"},
		{"R-23-1 a case is taken away on a consented request", person("d1", access.LegalReviewer), access.CaseExport, access.Subject{Kind: "case", Department: "d1", Ground: "consent"}, true, "23"},
		{"R-23-1 and on nothing else, by whomever", person("d1", access.Leader), access.CaseExport, access.Subject{Kind: "case", Department: "d1"}, false, "23"},
		{"T13 nor by an administrator", person("d1", access.AuditAdmin), access.CaseExport, access.Subject{Kind: "case", Department: "d1", Ground: "consent"}, false, "23"},
		{"R-24-4 a disc is made on a consented request", person("d1", access.Officer), access.DiscMake, access.Subject{Kind: "disc", Department: "d1", Ground: "consent"}, true, "24"},
		{"R-24-4 and on nothing else, by whomever", person("d1", access.Custodian), access.DiscMake, access.Subject{Kind: "disc", Department: "d1"}, false, "24"},
		{"T13 nor by an administrator", person("d1", access.SystemAdmin), access.DiscMake, access.Subject{Kind: "disc", Department: "d1", Ground: "consent"}, false, "24"},
		{"R-24-4 a custodian keeps the discs of their department", person("d1", access.Custodian), access.DiscShelve, access.Subject{Kind: "disc", Department: "d1"}, true, "24"},
		{"R-24-4 and of no other", person("d1", access.Custodian), access.DiscFetch, access.Subject{Kind: "disc", Department: "d2"}, false, "24"},
		{"T20 an officer learns nothing of another's disc", person("d1", access.Officer), access.DiscView, access.Subject{Kind: "disc", Department: "d1", Officer: "p9"}, false, "24"},
		{"R-13-1a an officer declares an activity of the own department", person("d1", access.Officer), access.ActivityOpen, access.Subject{Kind: "activity", Department: "d1"}, true, "13"},
		{"R-13-1a and of no other", person("d2", access.Officer), access.ActivityOpen, access.Subject{Kind: "activity", Department: "d1"}, false, "13"},
		{"R-16-1 who takes part says what happened", person("d1", access.Officer), access.ActivityTell, access.Subject{Kind: "activity", Department: "d1", Ground: "officer"}, true, "16"},
		{"R-16-1 who does not, does not", person("d1", access.Officer), access.ActivityTell, access.Subject{Kind: "activity", Department: "d1", Ground: "none"}, false, "16"},
		{"R-16-1 nor the head", person("d1", access.Head), access.ActivityTell, access.Subject{Kind: "activity", Department: "d1", Ground: "none"}, false, "16"},
		{"R-16-1 the custodian writes a paper form in", person("d1", access.Custodian), access.ActivityTell, access.Subject{Kind: "activity", Department: "d1", Ground: "none"}, true, "16"},
		{"R-17-2 the head receives a report", person("d1", access.Head), access.ActivityAnswer, access.Subject{Kind: "activity", Department: "d1", Ground: "none"}, true, "17"},
		{"T7 but not of an activity they took part in", person("d1", access.Head), access.ActivityAnswer, access.Subject{Kind: "activity", Department: "d1", Ground: "officer"}, false, "17"},
		{"T7 nor confirms what they ticked there", person("d1", access.Custodian, access.Officer), access.ActivityConfirm, access.Subject{Kind: "activity", Department: "d1", Ground: "officer"}, false, "17"},
		{"T13 an administrator knows of no activity", person("d1", access.SystemAdmin), access.ActivityView, access.Subject{Kind: "activity", Department: "d1", Ground: "none"}, false, "21"},
		{"R-13-2a nobody computes a verdict by hand", person("d1", access.Leader), access.ActivityJudge, access.Subject{Kind: "activity", Department: "d1"}, false, "13"},
		{"R-20-4 who handles a linked open case marks it", person("d2", access.Officer), access.MarkingPut, access.Subject{Kind: "recording", Department: "d1", Officer: "p2", Ground: "handler"}, true, "20"},
		{"R-20-4 an officer who does not handle it does not", person("d1", access.Officer), access.MarkingPut, access.Subject{Kind: "recording", Department: "d1", Officer: "p2"}, false, "20"},
		{"T13 nor an administrator on that ground", person("d1", access.SystemAdmin), access.MarkingPut, access.Subject{Kind: "recording", Department: "d1", Ground: "handler"}, false, "20"},
		{"R-20-4 and no handler lifts a mark", person("d2", access.Officer), access.MarkingLift, access.Subject{Kind: "recording", Department: "d1", Officer: "p2", Ground: "handler"}, false, "20"},
		{"R-20-4 a leader records what the competent office wrote", person("d1", access.Leader), access.MarkingInstruct, access.Subject{Kind: "recording", Department: "d2"}, true, "20"},
		{"R-20-4 a custodian does not", person("d1", access.Custodian), access.MarkingInstruct, access.Subject{Kind: "recording", Department: "d1"}, false, "20"},
		{"T13 nor does an administrator", person("d1", access.SystemAdmin), access.MarkingInstruct, access.Subject{Kind: "recording", Department: "d1", Officer: "p1"}, false, "20"},
		{"R-20-4 the department's custodian carries it out", person("d1", access.Custodian), access.MarkingExecute, access.Subject{Kind: "recording", Department: "d1"}, true, "20"},
		{"R-20-4 another department's does not", person("d2", access.Custodian), access.MarkingExecute, access.Subject{Kind: "recording", Department: "d1"}, false, "20"},
		{"R-20-4 nor does whoever filmed it", person("d1", access.Officer), access.MarkingExecute, access.Subject{Kind: "recording", Department: "d1", Officer: "p1"}, false, "20"},
		{"R-20-4 a second person witnesses it", person("d1", access.Head), access.MarkingWitness, access.Subject{Kind: "recording", Department: "d1", Officer: "p2"}, true, "20"},
		{"R-20-4 another department's head does not", person("d2", access.Head), access.MarkingWitness, access.Subject{Kind: "recording", Department: "d1", Officer: "p2"}, false, "20"},
		{"T7 nobody witnesses what they carried out", person("d1", access.Leader, access.Custodian), access.MarkingWitness, access.Subject{Kind: "recording", Department: "d1", Officer: "p1"}, false, "20"},
		{"T13 an administrator witnesses nothing", person("d1", access.AuditAdmin), access.MarkingWitness, access.Subject{Kind: "recording", Department: "d1", Officer: "p2"}, false, "20"},
		{"R-03-1 everybody who is signed in reads the regulation", person("d1", access.Officer), access.EditionView, access.Subject{Kind: "edition"}, true, "3"},
		{"R-27-1 a system administrator drafts it", person("d1", access.SystemAdmin), access.EditionEdit, access.Subject{Kind: "edition_draft"}, true, "27"},
		{"R-27-1 a leader does not", person("d1", access.Leader), access.EditionEdit, access.Subject{Kind: "edition_draft"}, false, "27"},
		{"R-27-1 a leader adopts it", person("d1", access.Leader), access.EditionAdopt, access.Subject{Kind: "edition_draft", Officer: "p2"}, true, "27"},
		{"T7 but not what they wrote", person("d1", access.Leader), access.EditionAdopt, access.Subject{Kind: "edition_draft", Officer: "p1"}, false, "27"},
		{"R-27-1 an administrator adopts nothing", person("d1", access.SystemAdmin), access.EditionAdopt, access.Subject{Kind: "edition_draft", Officer: "p2"}, false, "27"},
		{"R-27-1 an officer begins no draft", person("d1", access.Officer), access.EditionDraft, access.Subject{Kind: "edition_draft"}, false, "27"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := a.Decide(c.actor, c.action, c.subject)
			if d.Allowed != c.want || d.Rule.Article != c.article {
				t.Fatalf("got allowed=%v article=%q by %s, want %v %q", d.Allowed, d.Rule.Article, d.Rule.ID, c.want, c.article)
			}
			if !c.want && !fault.Is(d.Refusal(), fault.Forbidden) {
				t.Error("a refusal must be a fault of kind Forbidden")
			}
		})
	}
}

// TestAdministratorsNeverSeeEvidence: no combination of administrator roles reaches a recording (T13, R-23-1).
func TestAdministratorsNeverSeeEvidence(t *testing.T) {
	t.Parallel()
	a := load(t)
	admins := []access.Role{access.SystemAdmin, access.SecurityAdmin, access.AuditAdmin}
	evidence := []access.Action{access.RecordingList, access.RecordingView, access.RecordingExport, access.InboxList, access.ClearOrder}
	rapid.Check(t, func(t *rapid.T) {
		roles := rapid.SliceOfN(rapid.SampledFrom(admins), 1, 3).Draw(t, "roles")
		actor := person("d1", roles...)
		s := access.Subject{Kind: "recording", ID: "r", Department: ident.DepartmentID(rapid.SampledFrom([]string{"d1", "d2", ""}).Draw(t, "dep")), Officer: "p1"}
		if act := rapid.SampledFrom(evidence).Draw(t, "action"); a.Decide(actor, act, s).Allowed {
			t.Fatalf("%v may %s", roles, act)
		}
		if !access.ScopeOf(actor).None() {
			t.Fatalf("%v have rows in scope", roles)
		}
	})
}
