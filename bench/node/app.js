// The least a Probot app can be: it hears of jobs, and does nothing.
export default (app) => {
  app.on("workflow_job", async () => {});
};
