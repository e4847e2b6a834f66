package access

// What concerns on-scene activities (现场执法活动, 第十二至十八条).
const (
	ActivityOpen    Action = "activity.open"
	ActivityTell    Action = "activity.tell"    // what happened on the scene, and what has to be said of it
	ActivityAnswer  Action = "activity.answer"  // whoever a stop was reported to says that they know
	ActivityConfirm Action = "activity.confirm" // whether a ticked item is there, by somebody else
	ActivityView    Action = "activity.view"
	ActivityList    Action = "activity.list"
	ActivityExport  Action = "activity.export"
	ActivitySlate   Action = "activity.slate" // a phone is certified to show slates
	ActivityJudge   Action = "activity.judge" // the verdict is computed anew
	ActivityPrint   Action = "activity.print" // the continuity certificate
)

var activityActions = []Action{
	ActivityOpen, ActivityTell, ActivityAnswer, ActivityConfirm, ActivityView, ActivityList, ActivityExport, ActivitySlate, ActivityJudge, ActivityPrint,
}
