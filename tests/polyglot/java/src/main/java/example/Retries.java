package example;

import fr.gestan.compte.account.GestanAccount;
import fr.gestan.compte.account.v1.AccountServiceGrpc;
import fr.gestan.compte.account.v1.ConfirmRequest;
import fr.gestan.compte.account.v1.CreateRequest;
import fr.gestan.compte.account.v1.GetRequest;
import fr.gestan.compte.account.v1.ListCountriesRequest;
import fr.gestan.compte.account.v1.ReferenceServiceGrpc;
import fr.gestan.compte.account.v1.SetPasswordRequest;
import fr.gestan.compte.account.v1.UpdateRequest;
import io.grpc.StatusRuntimeException;

/** Calls a server that refuses each at first, and says what came of them. */
public final class Retries {
  public static void main(String[] arguments) throws Exception {
    var channel = GestanAccount.channel(new Options(arguments).get("server", ""), null).build();
    var accounts = AccountServiceGrpc.newBlockingStub(channel);
    var lists = ReferenceServiceGrpc.newBlockingStub(channel);
    tell("Get", () -> accounts.get(GetRequest.getDefaultInstance()));
    tell("Create", () -> accounts.create(CreateRequest.getDefaultInstance()));
    tell("SetPassword", () -> accounts.setPassword(SetPasswordRequest.getDefaultInstance()));
    tell("Update", () -> accounts.update(UpdateRequest.getDefaultInstance()));
    tell("Confirm", () -> accounts.confirm(ConfirmRequest.getDefaultInstance()));
    tell("ListCountries", () -> lists.listCountries(ListCountriesRequest.getDefaultInstance()));
    channel.shutdownNow();
  }

  private static void tell(String rpc, Runnable call) {
    try {
      call.run();
      System.out.println(rpc + " OK");
    } catch (StatusRuntimeException error) {
      System.out.println(rpc + " " + error.getStatus().getCode());
    }
  }
}
