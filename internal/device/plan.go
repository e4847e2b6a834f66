package device

import (
	"fmt"
	"slices"
	"strings"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/ledger"
	"zhilu.dev/zhilu/internal/org"
)

// The columns of the sheet of devices.
const (
	colLabel      = "label"
	colKind       = "kind"
	colDepartment = "department"
	colMaker      = "maker"
	colModel      = "model"
	colSerial     = "serial"
	colCardLabel  = "card_label"
	colNameCode   = "name_code"
	colNote       = "note"
)

// Sheet says what a sheet of devices looks like, for reading and for the template.
func Sheet() ledger.Spec {
	return ledger.Spec{Columns: []ledger.Column{
		{Key: colLabel, Titles: []string{"设备编号", "Label", "编号", "设备标签", "资产编号"}, Required: true},
		{Key: colKind, Titles: []string{"设备类型", "Kind", "类型", "设备类别", "类别"}, Required: true},
		{Key: colDepartment, Titles: []string{"科室", "Department", "部门", "所属科室", "使用科室"}, Required: true},
		{Key: colMaker, Titles: []string{"厂家", "Maker", "品牌", "生产厂家", "厂商"}},
		{Key: colModel, Titles: []string{"型号", "Model", "规格型号", "设备型号"}},
		{Key: colSerial, Titles: []string{"序列号", "Serial number", "Serial", "出厂编号", "机身号"}},
		{Key: colCardLabel, Titles: []string{"存储卡卷标", "Card label", "卷标", "卡卷标"}},
		{Key: colNameCode, Titles: []string{"文件名代码", "Name code", "文件名中的编号", "机内编号"}},
		{Key: colNote, Titles: []string{"备注", "Note", "说明"}},
	}}
}

// kindNames are the words under which a sheet names a kind.
var kindNames = map[string]Kind{
	"body_camera": BodyCamera, "bodycamera": BodyCamera, "执法记录仪": BodyCamera, "记录仪": BodyCamera, "执法仪": BodyCamera,
	"camera": Camera, "摄像机": Camera, "照相机": Camera, "相机": Camera, "摄录机": Camera, "数码相机": Camera,
	"drone": Drone, "无人机": Drone,
	"fixed": Fixed, "固定设备": Fixed, "监控": Fixed, "固定摄像头": Fixed, "摄像头": Fixed,
	"phone": Phone, "手机": Phone,
}

// The problems an import of devices can have with a row. The catalogues hold "ledger.problem.<code>".
const (
	ProblemKind       = "device_kind"      // args: the word that is no kind
	ProblemDepartment = "no_department"    // args: what stands there
	ProblemNotYours   = "device_not_yours" // args: the department; its custodian registers its devices
	ProblemOut        = "device_still_out" // it is to change departments but is out on issue
	ProblemText       = "device_text"      // args: the limit in characters; the column's text is longer
	ProblemLabel      = "device_label"     // nothing readable stands there
	ProblemTwice      = "twice"            // args: the line that names the same device
)

// known is what the database holds, for planning. may answers whether the importer keeps a department's devices.
type known struct {
	tree    org.Tree
	devices []Device
	out     []ident.DeviceID // out on issue
	may     func(ident.DepartmentID) bool
}

// planned is what one row will do. Device is the one that is kept, zero for a new one; spec is how it will be.
type planned struct {
	line    int
	effect  org.Effect
	device  Device
	spec    Spec
	changes []string // the columns that differ from what is kept
}

// plan decides what each row does. It is a pure function: the preview and the carrying out use it alike, so what was
// shown is what happens. A device is known by its label; an empty cell says nothing about it.
func plan(k known, rows []ledger.Row, problems []ledger.Problem) ([]planned, []ledger.Problem) {
	p := planner{known: k, problems: slices.Clone(problems), wrong: map[int]bool{}, seen: map[string]int{}}
	for _, q := range problems {
		p.wrong[q.Line] = true
	}
	out := make([]planned, len(rows))
	for i, row := range rows {
		out[i] = p.row(row)
		if p.wrong[row.Line] {
			out[i].effect = org.EffectWrong
		}
	}
	slices.SortStableFunc(p.problems, func(a, b ledger.Problem) int { return a.Line - b.Line })
	return out, p.problems
}

type planner struct {
	known

	problems []ledger.Problem
	wrong    map[int]bool
	seen     map[string]int // label → line
}

func (p *planner) problem(line int, column, code string, args ...any) {
	p.problems = append(p.problems, ledger.Problem{Line: line, Column: column, Code: code, Args: args})
	p.wrong[line] = true
}

func (p *planner) row(row ledger.Row) planned {
	out := planned{line: row.Line, effect: org.EffectNew}
	key := fold(plain(row.Cells[colLabel]))
	if first, twice := p.seen[key]; twice {
		p.problem(row.Line, colLabel, ProblemTwice, first)
		return out
	}
	p.seen[key] = row.Line
	if i := slices.IndexFunc(p.devices, func(d Device) bool { return fold(d.Label) == key }); i >= 0 && key != "" {
		out.device = p.devices[i]
	}
	out.spec = p.read(row, out.device.Spec)
	if p.wrong[row.Line] {
		return out
	}
	for column, from := range map[string][2]string{
		colLabel: {out.device.Label, out.spec.Label}, colKind: {string(out.device.Kind), string(out.spec.Kind)},
		colDepartment: {string(out.device.Department), string(out.spec.Department)}, colMaker: {out.device.Maker, out.spec.Maker},
		colModel: {out.device.Model, out.spec.Model}, colSerial: {out.device.Serial, out.spec.Serial},
		colCardLabel: {out.device.CardLabel, out.spec.CardLabel}, colNameCode: {out.device.NameCode, out.spec.NameCode},
		colNote: {out.device.Note, out.spec.Note},
	} {
		if from[0] != from[1] {
			out.changes = append(out.changes, column)
		}
	}
	slices.Sort(out.changes)
	switch {
	case out.device.ID == "":
		out.changes = nil
	case len(out.changes) == 0:
		out.effect = org.EffectUnchanged
	default:
		out.effect = org.EffectChanged
		p.checkMove(row, out)
	}
	return out
}

// read reads a row over what is kept.
func (p *planner) read(row ledger.Row, s Spec) Spec {
	for column, field := range map[string]*string{
		colLabel: &s.Label, colMaker: &s.Maker, colModel: &s.Model, colSerial: &s.Serial, colCardLabel: &s.CardLabel,
		colNameCode: &s.NameCode, colNote: &s.Note,
	} {
		if v := row.Cells[column]; v != "" {
			*field = v
		}
	}
	if word := row.Cells[colKind]; word != "" {
		kind, ok := kindNames[fold(word)]
		if !ok {
			p.problem(row.Line, colKind, ProblemKind, word)
		}
		s.Kind = kind
	}
	if name := row.Cells[colDepartment]; name != "" {
		s.Department = p.department(row.Line, name)
	}
	if p.wrong[row.Line] {
		return s
	}
	clean, err := s.clean()
	if err != nil {
		f := fault.As(err)
		if f.Code == "device.too_long" {
			p.problem(row.Line, f.Field, ProblemText, f.Args...)
		} else {
			p.problem(row.Line, f.Field, ProblemLabel)
		}
	}
	return clean
}

// department finds an open department by its name that the importer keeps the devices of.
func (p *planner) department(line int, name string) ident.DepartmentID {
	i := slices.IndexFunc(p.tree, func(d org.Department) bool { return d.ClosedAt.IsZero() && org.Fold(d.Name) == org.Fold(name) })
	if i < 0 {
		p.problem(line, colDepartment, ProblemDepartment, name)
		return ""
	}
	if !p.may(p.tree[i].ID) {
		p.problem(line, colDepartment, ProblemNotYours, p.tree[i].Name)
	}
	return p.tree[i].ID
}

// checkMove refuses to change a device of a department the importer does not keep, and to move one that is out.
func (p *planner) checkMove(row ledger.Row, x planned) {
	if x.device.Department == x.spec.Department {
		return // department has judged it
	}
	from, _ := p.tree.Find(x.device.Department)
	switch {
	case !p.may(x.device.Department):
		p.problem(row.Line, colDepartment, ProblemNotYours, from.Name)
	case slices.Contains(p.out, x.device.ID):
		p.problem(row.Line, colDepartment, ProblemOut)
	}
}

// fingerprint says in short what a plan does, so that a change between preview and confirmation is noticed.
func fingerprint(list []planned) string {
	var b strings.Builder
	for _, x := range list {
		fmt.Fprintf(&b, "%d %s %s %d %s\n", x.line, x.effect, x.device.ID, x.device.Version, strings.Join(x.changes, ","))
	}
	return b.String()
}
