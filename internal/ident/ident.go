// Package ident holds the distinct id types: a case id cannot be passed where a recording id is wanted. Every id is
// a UUIDv7 (RFC 9562) in its 36-character lower-case form, so ids sort by the time they were made.
package ident

import (
	"github.com/google/uuid"

	"zhilu.dev/zhilu/internal/fault"
)

// The id types.
type (
	BureauID       string // 本局
	DepartmentID   string // 科室
	PersonID       string // 人员
	CertificateID  string // 执法证件
	AppointmentID  string // 任命
	AccountID      string // 账号
	TokenID        string // 采集令牌
	DeviceID       string // 设备
	IssueID        string // 领用记录
	RecordingID    string // 音像记录
	FileID         string // 文件
	UploadID       string // 上传
	CardID         string // 一次采集（一张卡）
	ReceiptID      string // 入库回执
	ClearID        string // 清卡命令
	DerivativeID   string // 派生件
	DutyID         string // 待办
	EntryID        string // 存证日志条目
	ImportID       string // 导入
	SettingID      string // 设置版本
	EditionID      string // 制度版本
	DraftID        string // 制度草案
	StepID         string // 草案的一次修改
	ViewingID      string // 查阅申请
	LookID         string // 一次查看
	MarkID         string // 标记
	GrabID         string // 画面截图
	LoanID         string // 借阅
	LookupID       string // 查询回执
	HandedID       string // 当事人、群众提交材料的一次接收
	MarkingID      string // 受保护内容标记
	InstructionID  string // 主管部门对涉密记录的书面意见
	ExecutionID    string // 书面意见的一次执行
	CopyID         string // 遮蔽件
	PersonMatterID string // 被记录人事项
	ViewID         string // 列表视图
	BackupID       string // 备份
	CaseID         string // 案件
	PartyID        string // 当事人
	HandlerID      string // 承办
	PaperID        string // 文书
	VersionID      string // 文书的一版
	SignatureID    string // 签名
	ApprovalID     string // 审批
	DeliveryID     string // 送达
	AnswerID       string // 情形答复
	WaiverID       string // 免除
	LinkID         string // 案件与音像的关联
	ReportID       string // 登记的事件
	LimitID        string // 期限
	ClashID        string // 草稿冲突
	AttachmentID   string // 附件
	DisclosureID   string // 对外提供
	CallID         string // 调卷
	DiscID         string // 证据光盘
	DiscCopyID     string // 光盘的一份
	DiscCheckID    string // 光盘的一次读盘
	ActivityID     string // 现场执法活动
	OccurrenceID   string // 活动的一条记载
)

// New makes a fresh id of type T.
func New[T ~string]() T {
	return T(uuid.Must(uuid.NewV7()).String())
}

// Parse reads an id. Anything but a UUID in its 36-character form is fault Invalid "id.malformed".
func Parse[T ~string](s string) (T, error) {
	u, err := uuid.Parse(s)
	if err != nil || len(s) != 36 {
		return "", fault.New(fault.Invalid, "id.malformed")
	}
	return T(u.String()), nil
}
